package kernels

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/bitstep-go/bitstep/internal/fmacases"
)

func checkFMA(t *testing.T, family string, x, y, z float32) {
	t.Helper()
	got, want := FMA(x, y, z), fmacases.Exact(x, y, z)
	if math.Float32bits(got) != math.Float32bits(want) && !(got != got && want != want) {
		t.Fatalf("%s: FMA(%08x, %08x, %08x) = %08x, want %08x", family, math.Float32bits(x),
			math.Float32bits(y), math.Float32bits(z), math.Float32bits(got), math.Float32bits(want))
	}
}

func TestArchFMA(t *testing.T) {
	count := 20000
	if testing.Short() {
		count = 2000
	}
	r := rand.New(rand.NewPCG(1, 2))
	below := math.Float32frombits(0x007fffff)
	checkFMA(t, "known", below, math.Float32frombits(0x33800001), below)
	for _, f := range fmacases.Families {
		for range count {
			x, y, z := f.Make(r)
			checkFMA(t, f.Name, x, y, z)
		}
	}
}

// The families are adversarial: each way of getting it wrong is caught by one.
func TestFMAFamiliesCatch(t *testing.T) {
	wrong := map[string]func(x, y, z float32) float32{
		"two roundings": func(x, y, z float32) float32 { return float32(float64(x)*float64(y) + float64(z)) },
		"the tie check alone": func(x, y, z float32) float32 {
			s := float64(float64(x)*float64(y)) + float64(z)
			if math.Float64bits(s)<<35 == 1<<63 {
				return fmaDelicate(x, y, z)
			}
			return float32(s)
		},
	}
	for name, f := range wrong {
		r, caught := rand.New(rand.NewPCG(3, 4)), false
		for _, family := range fmacases.Families {
			for range 20000 {
				x, y, z := family.Make(r)
				got, want := f(x, y, z), fmacases.Exact(x, y, z)
				caught = caught || got != want && want == want
			}
		}
		if !caught {
			t.Errorf("no family catches %s", name)
		}
	}
}

// The loops agree with FMA, delicate sums among others at any place.
func TestArchFMALoops(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, f := range fmacases.Families {
		for n := range 70 {
			var acc, want [4]float32
			a, columns := make([]float64, n), make([][4]float64, n)
			for j := range acc {
				_, _, acc[j] = f.Make(r)
			}
			want = acc
			for k := range a {
				x, _, _ := f.Make(r)
				a[k] = float64(x)
				for j := range acc {
					_, y, _ := f.Make(r)
					columns[k][j] = float64(y)
					want[j] = FMA(x, y, want[j])
				}
			}
			fmaColumns(&acc, a, columns)
			for j := range acc {
				if math.Float32bits(acc[j]) != math.Float32bits(want[j]) && want[j] == want[j] {
					t.Fatalf("%s: fmaColumns [%d] of %d k = %x, want %x", f.Name, j, n, acc[j], want[j])
				}
			}
			var lanes, wantLanes [16]float32
			x, b := make([]float64, n), make([]float64, n)
			for i := range x {
				xi, bi, _ := f.Make(r)
				x[i], b[i] = float64(xi), float64(bi)
				wantLanes[i%16] = FMA(xi, bi, wantLanes[i%16])
			}
			fmaLanes(&lanes, x, b)
			for l := range lanes {
				if math.Float32bits(lanes[l]) != math.Float32bits(wantLanes[l]) && wantLanes[l] == wantLanes[l] {
					t.Fatalf("%s: fmaLanes lane %d of %d elements = %x, want %x", f.Name, l, n, lanes[l], wantLanes[l])
				}
			}
		}
	}
}
