package main

import (
	"testing"

	"github.com/bitstep-go/bitstep/optim"
)

// The digits are the same on every machine.
func Example() {
	main()
	// Output:
	// by hand:       loss 0.241950, digest 7562ccfa84c4fed3
	// by optim.SGD:  loss 0.241950, digest 7562ccfa84c4fed3
	// by optim.Adam: loss 0.103964, digest 9fc03acad3099c5c
}

// The gradients are those of the loss: a small step against them takes off what their squares say.
func TestGradients(t *testing.T) {
	n := newNet()
	before := n.gradients()
	squares := 0.0
	for _, g := range n.grads {
		for _, v := range g {
			squares += float64(float64(v) * float64(v))
		}
	}
	const small = 1e-3
	opt, err := optim.New(optim.SGD{LR: small}, n.params...)
	if err != nil {
		t.Fatal(err)
	}
	opt.Step(n.grads...)
	got, want := float64(before-n.gradients()), small*squares
	if !(got > 0.95*want && got < 1.05*want) {
		t.Errorf("the loss falls by %v, want %v", got, want)
	}
}
