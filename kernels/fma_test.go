package kernels

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactFMA is x*y + z by big.Float: exact, then rounded once. It is independent of FMA.
func exactFMA(x, y, z float32) float32 {
	fx, fy, fz := float64(x), float64(y), float64(z)
	if s := float64(fx*fy) + fz; math.IsNaN(s) || math.IsInf(s, 0) || s == 0 {
		return float32(s) // special values, and sums that are exactly zero with their sign
	}
	exact := func(v float64) *big.Float { return new(big.Float).SetPrec(1000).SetFloat64(v) }
	p := new(big.Float).SetPrec(1000).Mul(exact(fx), exact(fy))
	sum, _ := p.Add(p, exact(fz)).Float32() // nearest even, subnormal results too
	return sum
}

func checkFMA(t *testing.T, family string, x, y, z float32) {
	t.Helper()
	got, want := FMA(x, y, z), exactFMA(x, y, z)
	if math.Float32bits(got) != math.Float32bits(want) && !(got != got && want != want) {
		t.Fatalf("%s: FMA(%08x, %08x, %08x) = %08x, want %08x", family, math.Float32bits(x),
			math.Float32bits(y), math.Float32bits(z), math.Float32bits(got), math.Float32bits(want))
	}
}

// families makes operands for which a wrong fma32 shows; random ones hardly ever do.
var families = []struct {
	name string
	make func(r *rand.Rand) (x, y, z float32)
}{
	{"any bits", func(r *rand.Rand) (x, y, z float32) {
		return bits32(r), bits32(r), bits32(r)
	}},
	{"ordinary", func(r *rand.Rand) (x, y, z float32) {
		return float32(r.Float64() - 0.5), float32(r.Float64() - 0.5), float32(r.Float64() - 0.5)
	}},
	// z is half a unit in the last place of the product, or next to it.
	{"ties by the addend", func(r *rand.Rand) (x, y, z float32) {
		x = float32(1+r.IntN(1<<12)) / (1 << 11)
		y = float32(1+r.IntN(1<<11)) / (1 << 10)
		z = math.Float32frombits(math.Float32bits(x*y)&0x7f800000 - 24<<23)
		return x, y, neighbour(r, signed(r, z))
	}},
	// The product ends exactly between two floats of z's size, and a little more or less decides.
	{"ties by the product", func(r *rand.Rand) (x, y, z float32) {
		z = signed(r, 1+float32(r.IntN(1<<23))/(1<<23))
		x = float32(1 + r.IntN(1<<12))
		y = float32(math.Ldexp(1/float64(x), -24))
		return x, neighbour(r, signed(r, y)), z
	}},
	{"tiny addends to a tie", func(r *rand.Rand) (x, y, z float32) {
		x = float32(1<<12 + 1 + 2*r.IntN(1<<11))
		y = float32(1<<12 + 1 + 2*r.IntN(1<<11)) // the product is odd: 25 bits and more
		return x, signed(r, y), signed(r, float32(math.Ldexp(1, -r.IntN(140))))
	}},
	{"subnormal results", func(r *rand.Rand) (x, y, z float32) {
		x = float32(math.Ldexp(1+r.Float64(), -70-r.IntN(12)))
		y = float32(math.Ldexp(1+r.Float64(), -56-r.IntN(24)))
		return x, signed(r, y), signed(r, math.Float32frombits(uint32(r.IntN(1<<24))))
	}},
	// The product is half of the smallest subnormal less or more a part in 2^46 or so, which float64
	// loses beside z.
	{"ties of subnormal results", func(r *rand.Rand) (x, y, z float32) {
		j, e := float64(r.IntN(4)), r.IntN(60)
		x = float32(math.Ldexp(1<<23-j, -100+e))
		y = float32(math.Ldexp(1<<23+j, -96-e))
		return x, signed(r, y), signed(r, math.Float32frombits(uint32(r.IntN(1<<23))))
	}},
	{"subnormal operands", func(r *rand.Rand) (x, y, z float32) {
		x = math.Float32frombits(uint32(r.IntN(1 << 23)))
		y = float32(math.Ldexp(1+r.Float64(), -r.IntN(50)))
		return x, signed(r, y), signed(r, math.Float32frombits(uint32(r.IntN(1<<23))))
	}},
	{"border of the normal numbers", func(r *rand.Rand) (x, y, z float32) {
		z = math.Float32frombits(uint32(0x00800000 + r.IntN(5) - 2))
		x = float32(math.Ldexp(1+r.Float64(), -75))
		y = float32(math.Ldexp(1+r.Float64(), -76+r.IntN(3)))
		return x, signed(r, y), signed(r, z)
	}},
	{"border of overflow", func(r *rand.Rand) (x, y, z float32) {
		x = float32(math.Ldexp(1+r.Float64(), 64))
		y = float32(math.Ldexp(1+r.Float64(), 37+r.IntN(27)))
		return x, signed(r, y), signed(r, math.Float32frombits(0x7f7fffff-uint32(r.IntN(3))))
	}},
	{"cancellation", func(r *rand.Rand) (x, y, z float32) {
		x, y = float32(r.Float64()+0.5), float32(r.Float64()+0.5)
		return x, y, neighbour(r, -(x * y))
	}},
	{"special values", func(r *rand.Rand) (x, y, z float32) {
		special := []float32{0, float32(math.Copysign(0, -1)), 1, -1, float32(math.Inf(1)), float32(math.Inf(-1)),
			float32(math.NaN()), math.MaxFloat32, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32}
		return special[r.IntN(len(special))], special[r.IntN(len(special))], special[r.IntN(len(special))]
	}},
}

func bits32(r *rand.Rand) float32 { return math.Float32frombits(uint32(r.Uint64())) }

func signed(r *rand.Rand, v float32) float32 { return float32(1-2*r.IntN(2)) * v }

// neighbour moves v by up to two units in the last place.
func neighbour(r *rand.Rand, v float32) float32 {
	return math.Float32frombits(math.Float32bits(v) + uint32(r.IntN(5)-2))
}

func TestArchFMA(t *testing.T) {
	count := 20000
	if testing.Short() {
		count = 2000
	}
	r := rand.New(rand.NewPCG(1, 2))
	below := math.Float32frombits(0x007fffff)
	checkFMA(t, "known", below, math.Float32frombits(0x33800001), below)
	for _, f := range families {
		for range count {
			x, y, z := f.make(r)
			checkFMA(t, f.name, x, y, z)
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
		for _, family := range families {
			for range 20000 {
				x, y, z := family.make(r)
				got, want := f(x, y, z), exactFMA(x, y, z)
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
	for _, f := range families {
		for n := range 70 {
			var acc, want [4]float32
			a, columns := make([]float64, n), make([][4]float64, n)
			for j := range acc {
				_, _, acc[j] = f.make(r)
			}
			want = acc
			for k := range a {
				x, _, _ := f.make(r)
				a[k] = float64(x)
				for j := range acc {
					_, y, _ := f.make(r)
					columns[k][j] = float64(y)
					want[j] = FMA(x, y, want[j])
				}
			}
			fmaColumns(&acc, a, columns)
			for j := range acc {
				if math.Float32bits(acc[j]) != math.Float32bits(want[j]) && want[j] == want[j] {
					t.Fatalf("%s: fmaColumns [%d] of %d k = %x, want %x", f.name, j, n, acc[j], want[j])
				}
			}
			var lanes, wantLanes [16]float32
			x, b := make([]float64, n), make([]float64, n)
			for i := range x {
				xi, bi, _ := f.make(r)
				x[i], b[i] = float64(xi), float64(bi)
				wantLanes[i%16] = FMA(xi, bi, wantLanes[i%16])
			}
			fmaLanes(&lanes, x, b)
			for l := range lanes {
				if math.Float32bits(lanes[l]) != math.Float32bits(wantLanes[l]) && wantLanes[l] == wantLanes[l] {
					t.Fatalf("%s: fmaLanes lane %d of %d elements = %x, want %x", f.name, l, n, lanes[l], wantLanes[l])
				}
			}
		}
	}
}
