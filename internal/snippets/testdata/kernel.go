package main

import "github.com/bitstep-go/bitstep"

func main() {
	x, m, v, g := make([]float32, 9), make([]float32, 9), make([]float32, 9), make([]float32, 9)
	g[0] = 1
	const t = 1
	// snippet
	if !(x[0] < 0) {
		panic(x[0])
	}
}
