package main

import "github.com/bitstep-go/bitstep"

func main() {
	x, m, v, g := make([]float32, 9), make([]float32, 9), make([]float32, 9), make([]float32, 9)
	c := bitstep.NewAdam[float32](bitstep.AdamHyper{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-7}, 1)
	// snippet
}
