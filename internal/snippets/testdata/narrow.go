package main

import (
	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

const n, steps = 9, 100

var (
	hyper = kernels.AdamHyper{Beta1: 0.9, Beta2: 0.999, LR: 0.1, Eps: 1e-7}
	wide  = make([]float32, n)
)

// gradient is that of the sum of (x-1)*(x-1)/2.
func gradient(g, x []bitstep.BFloat16) {
	kernels.FromBFloat16(wide, x)
	for i := range wide {
		wide[i]--
	}
	kernels.ToBFloat16(g, wide, bitstep.Rounding{Nearest: true})
}

func main() {
	// snippet
	for i := range wide { // x - 1
		if d := wide[i]; !(d > -0.1 && d < 0.1) {
			panic(d)
		}
	}
}
