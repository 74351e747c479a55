package witness_test

import (
	"io"
	"testing"

	"github.com/bitstep-go/bitstep/receipt"
)

// A state of the lecture's classifier: 10 x 3073 weights with Adam.
func BenchmarkState(b *testing.B) {
	w := newSetup(b).witness(b)
	if _, err := w.Replay(b.Context(), 14); err != nil {
		b.Fatal(err)
	}
	to, err := receipt.NewWriter(io.Discard, 1, nil)
	if err != nil {
		b.Fatal(err)
	}
	state, err := w.State()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(state)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if state, err = w.State(); err == nil {
			err = to.Add(uint64(i), nil, state)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
