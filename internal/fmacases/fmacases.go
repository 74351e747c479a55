// Package fmacases has operands for which a wrong fused multiply-add of float32 shows: random ones hardly ever do.
package fmacases

import (
	"math"
	"math/big"
	"math/rand/v2"
)

// Exact is x*y + z by big.Float: exact, then rounded once. It is independent of kernels.FMA.
func Exact(x, y, z float32) float32 {
	fx, fy, fz := float64(x), float64(y), float64(z)
	if s := float64(fx*fy) + fz; math.IsNaN(s) || math.IsInf(s, 0) || s == 0 {
		return float32(s) // special values, and sums that are exactly zero with their sign
	}
	exact := func(v float64) *big.Float { return new(big.Float).SetPrec(1000).SetFloat64(v) }
	p := new(big.Float).SetPrec(1000).Mul(exact(fx), exact(fy))
	sum, _ := p.Add(p, exact(fz)).Float32() // nearest even, subnormal results too
	return sum
}

// A Family makes operands of x*y + z.
type Family struct {
	Name string
	Make func(r *rand.Rand) (x, y, z float32)
}

// Families are adversarial: each way of getting it wrong that is known is caught by one.
var Families = []Family{
	{"any bits", func(r *rand.Rand) (x, y, z float32) {
		return bits32(r), bits32(r), bits32(r)
	}},
	{"ordinary", func(r *rand.Rand) (x, y, z float32) {
		number := func() float32 { return float32(float64(r.Float64()) - 0.5) }
		return number(), number(), number()
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
		z = signed(r, 1+float32(float32(r.IntN(1<<23))/(1<<23)))
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
		x = float32(math.Ldexp(1+float64(r.Float64()), -70-r.IntN(12)))
		y = float32(math.Ldexp(1+float64(r.Float64()), -56-r.IntN(24)))
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
		y = float32(math.Ldexp(1+float64(r.Float64()), -r.IntN(50)))
		return x, signed(r, y), signed(r, math.Float32frombits(uint32(r.IntN(1<<23))))
	}},
	{"border of the normal numbers", func(r *rand.Rand) (x, y, z float32) {
		z = math.Float32frombits(uint32(0x00800000 + r.IntN(5) - 2))
		x = float32(math.Ldexp(1+float64(r.Float64()), -75))
		y = float32(math.Ldexp(1+float64(r.Float64()), -76+r.IntN(3)))
		return x, signed(r, y), signed(r, z)
	}},
	{"border of overflow", func(r *rand.Rand) (x, y, z float32) {
		x = float32(math.Ldexp(1+float64(r.Float64()), 64))
		y = float32(math.Ldexp(1+float64(r.Float64()), 37+r.IntN(27)))
		return x, signed(r, y), signed(r, math.Float32frombits(0x7f7fffff-uint32(r.IntN(3))))
	}},
	{"cancellation", func(r *rand.Rand) (x, y, z float32) {
		x, y = float32(float64(r.Float64())+0.5), float32(float64(r.Float64())+0.5)
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
