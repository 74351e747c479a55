// Package traffic holds the ceilings that the benchmarks compare kernels with: loops that move streams of
// memory without arithmetic, and loops of nothing but fused multiply-adds.
package traffic

import (
	"math"
	"unsafe"
)

// move is Move in Go, for backends without assembly, whose minimum needs all that is loaded. A stream whose letter says
// so moves less.
func move(pattern string, s [][]float32) {
	for j := range s[0] {
		least := float32(math.Inf(1))
		for i, kind := range []byte(pattern) {
			if period := periods[kind]; kind != 'W' && j%period == 0 {
				least = min(least, s[i][j/period])
			}
		}
		for i, kind := range []byte(pattern) {
			if kind == 'W' || kind == 'U' {
				s[i][j] = least
			}
		}
	}
}

// periods is how many elements of the others a stream moves one of its own with, by its letter.
var periods = [256]int{'R': 1, 'W': 1, 'U': 1, 'Q': 4, 'O': 8}

// Streams cuts what Move takes from the memory of a kernel's operands: op is their bytes, in the order of the
// pattern.
func Streams(op [][]byte) [][]float32 {
	var s [][]float32
	for _, b := range op {
		s = append(s, unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4))
	}
	return s
}
