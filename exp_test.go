package bitstep_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
)

// Exponentials have the definition's bits, also where it treats arguments apart and assembly does not: around overflow,
// subnormal results and zero, where the multiple of ln 2 and what is split off the argument change, of any bits.
func TestExpSlice(t *testing.T) {
	n := 10_000_000
	if testing.Short() || raceEnabled {
		n = 500_000
	}
	expSlices(t, n)
}

// The same with what slow emulators can run.
func TestArchExpSlice(t *testing.T) { expSlices(t, 20_000) }

func expSlices(t *testing.T, n int) {
	r := rand.New(rand.NewPCG(8, 15))
	special := []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64,
		-math.MaxFloat64, 5e-324, -5e-324, 710, -746}
	for _, border := range []float64{1024 * math.Ln2, -1022 * math.Ln2, -1074 * math.Ln2, -1075 * math.Ln2, 710, -746} {
		x := border
		for range 8 {
			x = math.Nextafter(x, math.Inf(-1))
		}
		for range 17 {
			special = append(special, x)
			x = math.Nextafter(x, math.Inf(1))
		}
	}
	draw := func(i int) float64 {
		if i < len(special) {
			return special[i]
		}
		nudge := float64(r.IntN(5)-2) * 0x1p-52
		switch r.IntN(6) {
		case 0: // subnormal results
			return -746 + 38*r.Float64()
		case 1: // near a change of the multiple of ln 2
			return (float64(r.IntN(2101)-1076) + 0.5) * math.Ln2 * (1 + nudge)
		case 2: // near a change of what is split off
			return (float64(r.IntN(1<<24)-1<<23) + 0.5) * 0x1p-25 * (1 + nudge)
		case 3:
			return math.Float64frombits(r.Uint64())
		case 4: // what a softmax has
			return -20 * r.Float64()
		}
		return -750 + 1465*r.Float64()
	}
	const size = 20_000
	want, x := make([]float64, size), make([]float64, size)
	want32, x32 := make([]float32, size), make([]float32, size)
	for at := 0; at < n; at += size {
		for i := range x {
			x[i] = draw(at + i)
			want[i] = kernels.Exp(x[i])
			x32[i], want32[i] = float32(x[i]), float32(kernels.Exp(float64(float32(x[i]))))
		}
		for _, b := range bitstep.Backends() {
			same(t, b, x, want)
			same(t, b, x32, want32)
		}
	}
}

func same[T kernels.Float](t *testing.T, b bitstep.Backend, x, want []T) {
	t.Helper()
	got := append([]T(nil), x...)
	bitstep.On[T](b).ExpSlice(got)
	if i := edge.Differ(got, want); i >= 0 {
		t.Fatalf("%v: exp(%x) = %x, want %x", b, x[i], got[i], want[i])
	}
}

func BenchmarkExpSlice(b *testing.B) {
	for _, n := range []int{160, 640, 10_000} {
		for _, backend := range bitstep.Backends() {
			b.Run(fmt.Sprintf("n=%d/backend=%v", n, backend), func(b *testing.B) {
				k, x, from := bitstep.On[float64](backend).Threads(1), make([]float64, n), make([]float64, n)
				r := rand.New(rand.NewPCG(8, 15))
				for i := range from {
					from[i] = -20 * r.Float64()
				}
				for b.Loop() {
					copy(x, from)
					k.ExpSlice(x)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/element")
			})
		}
	}
}
