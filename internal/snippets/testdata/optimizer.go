package main

import (
	"os"

	"github.com/bitstep-go/bitstep/optim"
)

func main() {
	if err := os.Chdir(os.TempDir()); err != nil {
		panic(err)
	}
	defer os.Remove("run.safetensors")
	weights, bias := []float32{1, 2}, []float32{3}
	gradWeights, gradBias := []float32{1, 1}, []float32{1}
	// snippet
	if err != nil {
		panic(err)
	}
}
