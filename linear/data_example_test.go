package linear_test

import (
	"fmt"
	"log"
	"os"

	"github.com/bitstep-go/bitstep/linear"
)

// A folder is filled with a small synthetic set and loaded like the real one.
func ExampleLoadCIFAR10() {
	dir, err := os.MkdirTemp("", "cifar")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := linear.WriteCIFAR10(dir, linear.Synthetic{Train: 500, Test: 100}); err != nil {
		log.Fatal(err)
	}
	train, test, err := linear.LoadCIFAR10(dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(train.Len(), test.Len(), train.Classes[3])
	// Output: 500 100 triangle
}

// Batches of features come from the bytes, in the order of a sampler.
func ExampleExamples() {
	train, _, err := linear.Synthetic{Train: 100, Test: 10}.Datasets(0)
	if err != nil {
		log.Fatal(err)
	}
	examples, err := linear.NewExamples[float32](train, linear.NewPreprocess(train))
	if err != nil {
		log.Fatal(err)
	}
	sampler := linear.Shuffled(examples.Len(), 1)
	indices := make([]int, 64)
	batch := make([]float32, len(indices)*linear.Features)
	for sampler.Snapshot().Epoch == 0 {
		n := sampler.Next(indices)
		examples.FillRows(batch, linear.Features, indices[:n])
		fmt.Println(n, "examples, the bias of the last:", batch[n*linear.Features-1])
	}
	// Output:
	// 64 examples, the bias of the last: 1
	// 36 examples, the bias of the last: 1
}

// A sampler goes on where its state was taken.
func ExampleSampler() {
	s := linear.Shuffled(10, 7)
	first, rest := make([]int, 4), make([]int, 10)
	s.Next(first)
	state := s.Snapshot()
	fmt.Println(state)
	fmt.Println(rest[:s.Next(rest)])

	again, err := state.New()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rest[:again.Next(rest)])
	// Output:
	// kind=shuffled n=10 seed=7 epoch=0 position=4
	// [3 6 7 4 1 5]
	// [3 6 7 4 1 5]
}
