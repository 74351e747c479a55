//go:build purego || noasm || !(amd64 || arm64)

package traffic

import "github.com/bitstep-go/bitstep"

// Move is written in Go where there is no assembly.
func Move(_ bitstep.Backend, pattern string, s [][]float32) { move(pattern, s) }

// Peak32 knows no peak where there is no assembly.
func Peak32(bitstep.Backend, int) (flops float64) { return 0 }

// Peak64 knows no peak where there is no assembly.
func Peak64(bitstep.Backend, int) (flops float64) { return 0 }
