package main

import (
	"github.com/bitstep-go/bitstep/optim"
)

func main() {
	const rate = 0.1
	params := [][]float32{{1, 2}, {3}}
	grads := [][]float32{{1, 1}, {2}}
	// snippet
	if err != nil || params[1][0] != 2.8 {
		panic(err)
	}
}
