// Command same trains 300 weights of a linear model for 100 steps, with nothing but what the contract has, and prints
// their digest.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/optim"
)

func main() {
	const examples, features = 64, 300
	random := rand.New(rand.NewPCG(1, 2))
	x, want := make([]float32, examples*features), make([]float32, examples)
	for i := range x {
		x[i] = random.Float32() - 0.5
	}
	for i := range want {
		want[i] = x[i*features] - 2*x[i*features+1]
	}
	w, gradient, residual := make([]float32, features), make([]float32, features), make([]float32, examples)
	opt, err := optim.New(optim.Adam{LR: 0.01}, w)
	if err != nil {
		panic(err)
	}
	for range 100 {
		copy(residual, want)
		bitstep.Gemv(false, examples, features, 1, x, features, w, -1, residual)
		bitstep.Gemv(true, examples, features, 1./examples, x, features, residual, 0, gradient)
		opt.Step(gradient)
	}
	hash := sha256.New()
	binary.Write(hash, binary.LittleEndian, w)
	fmt.Printf("%x\n", hash.Sum(nil))
}
