//go:build goexperiment.simd && amd64

package peers

import (
	"context"
	vector "simd/archsimd"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// The narrower vectors are right, too, where the wider ones are the peer.
func TestNarrow(t *testing.T) {
	if !vector.X86.AVX2() || !vector.X86.FMA() {
		t.Skip("no AVX2 or no FMA")
	}
	rows := 0
	peers := []peer[float32]{bitsteps(bitstep.On[float32](bitstep.Active())), {"narrow", nil, axpy8, dot8, adam8}}
	if err := run(context.Background(), quick(), peers, func(record.Row) { rows++ }); err != nil || rows != 16 {
		t.Errorf("%v, %d rows", err, rows)
	}
}
