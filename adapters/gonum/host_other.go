//go:build !amd64 || noasm || gccgo || safe

package gonumblas

const hostRounds = false
