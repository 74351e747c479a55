package main

import "github.com/bitstep-go/bitstep"

// use is compiled alone, since not every machine has the backend that it names.
func use(t uint64, x, m, v, g, X, W, scores []float32) {
	// snippet
}

func main() { _ = use }
