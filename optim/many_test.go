package optim_test

import (
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep/optim"
)

// Gradients that are as in the step before need no check, and all others do, also after those that were right.
func TestStepChecksNewGradients(t *testing.T) {
	all := make([]float32, 24)
	w, b := all[:10], all[10:14]
	opt := must(optim.New(optim.SGD{LR: 1}, w, b))
	gw, gb := make([]float32, 10), make([]float32, 4)
	grads := [][]float32{gw, gb}
	opt.Step(grads...)
	opt.Step(grads...)
	for _, c := range []struct {
		g    []float32
		want string
	}{
		{all[13:17], "optim: Step: gradient 1 overlaps parameter 1"},
		{gb[:3], "optim: Step: len(gradient 1) = 3, want 4, the length of its parameter"},
		{gw[:4], ""},
		{nil, "optim: Step: len(gradient 1) = 0, want 4, the length of its parameter"},
		{gb, ""},
	} {
		grads[1] = c.g
		for range 2 { // what was wrong is not right the next time
			if message := panics(func() { opt.Step(grads...) }); message != c.want {
				t.Errorf("panic %q, want %q", message, c.want)
			}
		}
	}
	const want = "optim: Step: 1 gradients, want 2"
	if message := panics(func() { opt.Step(grads[:1]...) }); message != want {
		t.Errorf("panic %q, want %q", message, want)
	}
}

// A state's tensors follow one another in memory, in lines of their own.
func TestStatesLieTogether(t *testing.T) {
	var params [][]float64
	for n := range 40 {
		params = append(params, make([]float64, n))
	}
	opt := must(optim.New(optim.Adam{}, params...))
	for _, name := range []string{"m", "v"} {
		end := uintptr(0)
		for i, s := range opt.State(name) {
			if len(s) != len(params[i]) || cap(s) != len(s) {
				t.Fatalf("%s of parameter %d: len %d, cap %d, want %d", name, i, len(s), cap(s), len(params[i]))
			}
			if len(s) == 0 {
				continue
			}
			start := uintptr(unsafe.Pointer(&s[0]))
			if start%64 != 0 || end != 0 && (start < end || start >= end+64) {
				t.Errorf("%s of parameter %d is at %#x, want the first line from %#x on", name, i, start, end)
			}
			end = start + uintptr(8*len(s))
		}
	}
}
