package dataset_test

import (
	"fmt"
	"log"
	"os"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

// A folder is filled with a small synthetic set and loaded like the real one.
func ExampleLoadCIFAR10() {
	dir, err := os.MkdirTemp("", "cifar")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := (dataset.Synthetic{Train: 500, Test: 100}).WriteCIFAR10(dir); err != nil {
		log.Fatal(err)
	}
	train, test, err := dataset.LoadCIFAR10(dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(train.Len(), test.Len(), train.Classes[3])
	// Output: 500 100 triangle
}

// Batches of features come from the bytes, in the order of a sampler.
func ExampleExamples() {
	train, _, err := dataset.Synthetic{Train: 100, Test: 10}.Images(0)
	if err != nil {
		log.Fatal(err)
	}
	examples, err := dataset.NewExamples[float32](train, dataset.NewPreprocess(train))
	if err != nil {
		log.Fatal(err)
	}
	on := bitstep.On[float32](bitstep.Active())
	sampler := dataset.Shuffled(examples.Len(), 1)
	indices := make([]int, 64)
	batch := make([]float32, len(indices)*dataset.Features)
	for sampler.Snapshot().Epoch == 0 {
		n := sampler.Next(indices)
		examples.FillRows(on, batch, dataset.Features, indices[:n])
		fmt.Println(n, "examples, the bias of the last:", batch[n*dataset.Features-1])
	}
	// Output:
	// 64 examples, the bias of the last: 1
	// 36 examples, the bias of the last: 1
}

// A sampler goes on where its state was taken.
func ExampleSampler() {
	s := dataset.Shuffled(10, 7)
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
