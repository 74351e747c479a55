//go:build !purego && !noasm

package bitstep

// detect lists the assembly backends that the machine can run. NEON is part of every arm64 CPU that Go
// supports.
func detect() []Backend { return []Backend{NEON} }
