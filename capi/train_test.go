package main_test

import (
	"context"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
)

// trained is the SHA-256 of the weights that the recipe of README.md leads to, in whatever language.
const trained = "9481ff5f748695556da4d4daa1f125d86952fcd219730577087389569ed86616"

// generated is number i of SplitMix64 from seed 1.
func generated(i int) uint64 {
	z := 1 + uint64(i+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// recipe is example/train.c by package linear.
func recipe(t *testing.T, b bitstep.Backend) string {
	t.Helper()
	const classes, pixels, examples = 10, 3072, 640
	bytes, labels, sums := make([]uint8, examples*pixels), make([]uint8, examples), make([]int, pixels)
	for e := range examples {
		labels[e] = uint8(generated(classes*pixels+e) % classes)
		for j := range pixels {
			pattern := generated(int(labels[e])*pixels+j) >> 56
			noise := generated(classes*pixels+examples+e*pixels+j) >> 56
			bytes[e*pixels+j] = uint8((pattern + 3*noise) / 4)
			sums[j] += int(bytes[e*pixels+j])
		}
	}
	x := dataset.Matrix[float32]{Rows: examples, Cols: pixels + 1, Stride: pixels + 1,
		Data: make([]float32, examples*(pixels+1))}
	offset := make([]float32, pixels)
	for j, sum := range sums {
		offset[j] = float32(float64(sum) / examples / 128)
	}
	for e := range examples {
		kernels.FromBytes(x.Row(e)[:pixels], bytes[e*pixels:][:pixels], offset, 1./128)
		x.Row(e)[pixels] = 1
	}
	trainer, err := linear.NewTrainer(linear.TrainConfig{
		Loss: linear.Softmax{}, Lambda: 0.01, Optimizer: optim.Adam{}, Batch: 128, Epochs: 40,
		Sampling: "sequential", InitScale: optim.Zero,
	}, linear.Data[float32]{Train: linear.Set[float32]{Source: x, Classes: classes, Labels: labels}})
	if err != nil {
		t.Fatal(err)
	}
	result, err := trainer.On(b).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if result.Steps != 200 || result.Train.Accuracy() < 0.5 {
		t.Errorf("%d steps, accuracy %v, want 200 and more than 0.5", result.Steps, result.Train.Accuracy())
	}
	return result.Model.Hash()
}

// Go and C train the same classifier, on every backend: one digest.
func TestTrain(t *testing.T) {
	program := program(t, "example/train.c", "libbitstep.so", "-Iexample")
	for _, b := range bitstep.Backends() {
		if testing.Short() && b != bitstep.Active() {
			continue
		}
		inGo := recipe(t, b)
		inC := strings.TrimSpace(run(t, []string{"BITSTEP=" + b.String()}, program))
		if inGo != trained || inC != trained {
			t.Errorf("%v: Go %s, C %s, want %s", b, inGo, inC, trained)
		}
	}
}
