package main

import (
	"fmt"

	"github.com/bitstep-go/bitstep"
)

func main() {
	x := make([]float32, 1000)
	for i := range x {
		x[i] = 1 / float32(i+1)
	}
	fmt.Printf("%b\n", bitstep.Dot(x, x))
}
