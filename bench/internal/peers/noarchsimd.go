//go:build !goexperiment.simd || !amd64

package peers

import "errors"

func archsimd() (peer[float32], error) {
	return peer[float32]{}, errors.New("archsimd: it wants amd64 and a program that was built with GOEXPERIMENT=simd")
}
