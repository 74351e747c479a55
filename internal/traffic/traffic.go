// Package traffic holds the ceilings that the benchmarks compare kernels with: loops that move streams of
// memory with next to no arithmetic, and loops of nothing but fused multiply-adds.
package traffic

import "math"

// move is Move in Go, for backends without assembly.
func move(pattern string, s [][]float32) {
	for j := range s[0] {
		least := float32(math.Inf(1))
		for i := range s {
			if pattern[i] != 'W' {
				least = min(least, s[i][j])
			}
		}
		for i := range s {
			if pattern[i] != 'R' {
				s[i][j] = least
			}
		}
	}
}
