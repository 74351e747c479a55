package kernels

import (
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/bitstep-go/bitstep/kernels/table"
)

// ulpBFloat16 is the distance from a bfloat16 to the next one from zero.
func ulpBFloat16(b BFloat16) float64 {
	return float64((b&0x7fff + 1).Float32()) - float64((b & 0x7fff).Float32())
}

// All bfloat16 and float16 numbers survive, and a NaN is the canonical one.
func TestNarrowNumbers(t *testing.T) {
	for i := range 1 << 16 {
		b := BFloat16(i)
		want := b
		if x := b.Float32(); x != x {
			want = 0x7fc0
		}
		for _, got := range []BFloat16{NearestBFloat16(b.Float32()), StochasticBFloat16(b.Float32(), 0xffff),
			StochasticBFloat16(b.Float32(), 0)} {
			if got != want {
				t.Fatalf("bfloat16 %#x becomes %#x", i, got)
			}
		}
		h := Float16(i)
		wantH := h
		switch x := h.Float32(); {
		case h&0x7fff > 0x7c00:
			wantH = 0x7e00
			if x == x {
				t.Fatalf("float16 %#x is %v, want NaN", i, x)
			}
		case h&0x7fff == 0x7c00 && x != float32(math.Inf(1-2*int(h>>15))):
			t.Fatalf("float16 %#x is %v, want an infinity", i, x)
		}
		if got := NearestFloat16(h.Float32()); got != wantH {
			t.Fatalf("float16 %#x becomes %#x", i, got)
		}
	}
}

// halfValue is a Float16's magnitude by the format's definition.
func halfValue(h Float16) float64 {
	exponent, fraction := int(h>>10&31), float64(h&0x3ff)
	if exponent == 0 {
		return math.Ldexp(fraction, -24)
	}
	return math.Ldexp(1024+fraction, exponent-25)
}

// Rounding to nearest is the nearest number, of two the even one, by distances in float64: halfway points of
// all neighbours, and a little beside.
func TestNearest(t *testing.T) {
	for i := range 0x7f80 {
		b := BFloat16(i)
		lo := float64(b.Float32())
		half := float32(lo + ulpBFloat16(b)/2)
		if i == 0x7f7f {
			half = math.Float32frombits(0x7f7f8000) // and from there on it is infinite
		}
		even := b + b&1
		for u, want := range map[uint32]BFloat16{math.Float32bits(half): even, math.Float32bits(half) - 1: b,
			math.Float32bits(half) + 1: b + 1} {
			for _, sign := range []uint32{0, 1} {
				x := math.Float32frombits(u | sign<<31)
				if got := NearestBFloat16(x); got != want|BFloat16(sign)<<15 {
					t.Fatalf("NearestBFloat16(%x) = %#x, want %#x", x, got, want)
				}
			}
		}
	}
	for i := range 0x7c00 {
		h := Float16(i)
		lo, hi := halfValue(h), halfValue(h+1)
		if float64(h.Float32()) != lo {
			t.Fatalf("float16 %#x is %v, want %v", i, h.Float32(), lo)
		}
		half := float32((lo + hi) / 2)
		even := h + h&1
		for u, want := range map[uint32]Float16{math.Float32bits(half): even, math.Float32bits(half) - 1: h,
			math.Float32bits(half) + 1: h + 1} {
			if got := NearestFloat16(-math.Float32frombits(u)); got != want|0x8000 {
				t.Fatalf("NearestFloat16(-%x) = %#x, want %#x", math.Float32frombits(u), got, want|0x8000)
			}
		}
	}
}

// Of all random bits as many round away from zero as the number is of the way there, and to no other number than
// the two neighbours.
func TestStochasticShare(t *testing.T) {
	for _, u := range []uint32{0x3f800001, 0x3f81ffff, 0xbf804321, 0x00000001, 0x80012345, 0x7f7f8123} {
		lo, up := BFloat16(u>>16), 0
		for r := range 1 << 16 {
			switch got := StochasticBFloat16(math.Float32frombits(u), uint16(r)); got {
			case lo:
			case lo + 1:
				up++
			default:
				t.Fatalf("%#x becomes %#x", u, got)
			}
		}
		if want := int(u & 0xffff); up != want {
			t.Errorf("%#x: away from zero in %d cases of 65536, want %d", u, up, want)
		}
	}
}

// Weights of bfloat16 that lose 1e-5 in a step stay where they are to nearest; stochastically they move as float32's.
func TestSmallSteps(t *testing.T) {
	const n, steps = 256, 10000
	c := NewSGD[float32](SGDHyper{LR: 1e-5})
	g := make([]BFloat16, n)
	for i := range g {
		g[i] = NearestBFloat16(1)
	}
	for _, nearest := range []bool{true, false} {
		x := make([]BFloat16, n)
		copy(x, g)
		for step := range uint64(steps) {
			StoredStep([]Stored{{BFloat16: x}, {BFloat16: g}}, &c, Rounding{Nearest: nearest, Seed: 1, Step: step})
		}
		mean := 0.0
		for _, b := range x {
			mean += float64(b.Float32()) / n
		}
		// The deviation of a weight is that of some 26 flips of a coin, each of 2^-8: that of the mean is a sixteenth.
		if want := map[bool]float64{true: 1, false: .9}[nearest]; math.Abs(mean-want) > .004 || nearest && mean != 1 {
			t.Errorf("nearest %v: mean %v, want %v", nearest, mean, want)
		}
	}
}

// A mean of squares that falls tenfold follows in bfloat16 if it rounds stochastically, and to nearest stays: a
// thousandth is less than half of its last digit.
func TestDecayingSquares(t *testing.T) {
	const n = 256
	c := NewAdam[float32](AdamHyper{Beta1: .9, Beta2: .999, LR: 1e-3, Eps: 1e-8}, 1)
	for _, nearest := range []bool{true, false} {
		x, g, exact := make([]float32, n), make([]float32, n), 1.0
		m, v := make([]BFloat16, n), make([]BFloat16, n)
		for i := range v {
			v[i], g[i] = NearestBFloat16(1), .1
		}
		for step := range uint64(4000) {
			exact = float64(.999*exact) + .001*.01
			StoredStep([]Stored{{Float32: x}, {BFloat16: m}, {BFloat16: v}, {Float32: g}}, &c,
				Rounding{Nearest: nearest, Step: step})
		}
		mean := 0.0
		for _, b := range v {
			mean += float64(b.Float32()) / n / exact
		}
		if nearest && mean < 10 || !nearest && math.Abs(mean-1) > .05 {
			t.Errorf("nearest %v: v is %.3f of what it should be", nearest, mean)
		}
	}
}

func pointer[C any](c C) any { return &c }

// States that a step moves by little, means of long memory, sums and other parameters, are float32's on the mean if
// they are stored in bfloat16 and round stochastically; to nearest they stay behind.
func TestSlowStates(t *testing.T) {
	const n = 128
	for _, c := range []struct {
		name  string
		state int     // the operand
		start float32 // of parameters, and of states that are such
		steps uint64
		coef  func(t uint64) any
	}{
		{"MomentumVelocity v", 1, 0, 500, func(uint64) any {
			return pointer(NewMomentumVelocity[float32](MomentumVelocityHyper{Rho: .99, LR: 1e-3}))
		}},
		{"RMSPropCentered m", 2, 0, 500, func(uint64) any {
			return pointer(NewRMSPropCentered[float32](RMSPropCenteredHyper{Decay: .99, LR: 1e-3, Eps: 1e-8}))
		}},
		{"RMSPropCenteredMomentum m", 2, 0, 500, func(uint64) any {
			return pointer(NewRMSPropCenteredMomentum[float32](
				RMSPropCenteredMomentumHyper{Decay: .99, Rho: .9, LR: 1e-3, Eps: 1e-8}))
		}},
		{"Lion m", 1, 0, 500, func(uint64) any {
			return pointer(NewLion[float32](LionHyper{Beta1: .9, Beta2: .99, LR: 1e-3}))
		}},
		{"Adan m", 1, 0, 500, func(t uint64) any {
			return pointer(NewAdan[float32](AdanHyper{Beta1: .98, Beta2: .92, Beta3: .99, LR: 1e-3, Eps: 1e-8}, t))
		}},
		{"ASGD a", 1, 1, 5000, func(t uint64) any {
			return pointer(NewASGD[float32](ASGDHyper{LR: 1e-4, Mu: 1 / float64(t)}))
		}},
		{"AdEMAMix l", 2, 0, 5000, func(t uint64) any {
			return pointer(NewAdEMAMix[float32](
				AdEMAMixHyper{Beta1: .9, Beta2: .999, Beta3: .9999, LR: 1e-3, Mix: 5, Eps: 1e-8}, t))
		}},
		{"ScheduleFree z", 1, 1, 5000, func(t uint64) any {
			return pointer(NewScheduleFree[float32](ScheduleFreeHyper{LR: 1e-4, Beta: .9, Weight: 1 / float64(t)}))
		}},
		{"ScheduleFree a", 2, 1, 5000, func(t uint64) any {
			return pointer(NewScheduleFree[float32](ScheduleFreeHyper{LR: 1e-4, Beta: .9, Weight: 1 / float64(t)}))
		}},
		{"ScheduleFreeAdam z", 1, 1, 5000, func(t uint64) any {
			return pointer(NewScheduleFreeAdam[float32](
				ScheduleFreeAdamHyper{Beta2: .999, LR: 1e-4, Beta: .9, Weight: 1 / float64(t), Eps: 1e-8}, t))
		}},
		{"ScheduleFreeAdam a", 2, 1, 5000, func(t uint64) any {
			return pointer(NewScheduleFreeAdam[float32](
				ScheduleFreeAdamHyper{Beta2: .999, LR: 1e-4, Beta: .9, Weight: 1 / float64(t), Eps: 1e-8}, t))
		}},
		{"MADGRAD s", 1, 0, 3000, func(uint64) any {
			return pointer(NewMADGRAD[float32](MADGRADHyper{Rate: .01, Floor: 1e-36, Rho: .9, Eps: 1e-6}))
		}},
	} {
		row := &table.Rows[rowOf(c.coef(1))]
		wide, narrow := make([]Stored, len(row.Operands)), map[bool][]Stored{}
		for i, o := range row.Operands {
			v := float32(0)
			switch {
			case o.Name == "g":
				v = 1
			case o.Name == "x" || o.Name == "z" || o.Name == "a":
				v = c.start
			}
			wide[i].Float32 = slices.Repeat([]float32{v}, n)
			for _, nearest := range []bool{true, false} {
				s := Stored{Float32: slices.Clone(wide[i].Float32)}
				if o.Name != "x" && o.Name != "g" {
					s = Stored{BFloat16: slices.Repeat([]BFloat16{NearestBFloat16(v)}, n)}
				}
				narrow[nearest] = append(narrow[nearest], s)
			}
		}
		for step := range c.steps {
			coef := c.coef(step + 1)
			StoredStep(wide, coef, Rounding{})
			for nearest, op := range narrow {
				StoredStep(op, coef, Rounding{Nearest: nearest, Step: step})
			}
		}
		want := float64(wide[c.state].Float32[0])
		for nearest, op := range narrow {
			mean := 0.0
			for _, b := range op[c.state].BFloat16 {
				mean += float64(b.Float32()) / n
			}
			if off := math.Abs(mean-want) / math.Abs(want); nearest && off < .05 || !nearest && !(off < .02) {
				t.Errorf("%s, nearest %v: %v, %.3f from float32's %v", c.name, nearest, mean, off, want)
			} else {
				t.Logf("%s, nearest %v: %v, %.3f from float32's %v", c.name, nearest, mean, off, want)
			}
		}
	}
}

// Blocks: the largest number keeps 3 bits, none grows beyond, zeros are zeros, and of numbers that the codes span
// random bits round in proportion.
func TestBlocks(t *testing.T) {
	for _, signed := range []bool{true, false} {
		f := codeOf(signed)
		for _, largest := range []float32{1, 1.9999999, 1e-30, 3e38, 1e-38, 1.9375, 1.9374999} {
			x := make([]float32, 45)
			for i := range x {
				x[i] = largest * float32(i%32) / 31
			}
			b := Blocks8{make([]uint8, len(x)), make([]uint8, Scales(len(x)))}
			back := make([]float32, len(x))
			EncodeBlocks(b, x, signed, Rounding{Nearest: true})
			DecodeBlocks(back, b, signed)
			for i := range x {
				if err := math.Abs(float64(back[i]) - float64(x[i])); i > 2 && largest < 1e38 && largest > 1e-37 &&
					err > float64(x[i])/16 {
					t.Errorf("signed %v: %v becomes %v", signed, x[i], back[i])
				}
			}
			if back[0] != 0 || back[32] != 0 {
				t.Errorf("signed %v: zeros become %v and %v", signed, back[0], back[32])
			}
		}
		// Codes that have a number survive.
		for scale := f.span; scale < 255; scale++ {
			b := Blocks8{make([]uint8, 32), []uint8{uint8(scale)}}
			x := make([]float32, 32)
			for i := range b.Codes {
				b.Codes[i] = uint8(255 - i)
			}
			DecodeBlocks(x, b, signed)
			again := Blocks8{make([]uint8, 32), make([]uint8, 1)}
			EncodeBlocks(again, x, signed, Rounding{Nearest: true})
			y := make([]float32, 32)
			DecodeBlocks(y, again, signed)
			for i := range x {
				if x[i] != y[i] {
					t.Fatalf("signed %v, scale %d: code %d is %v, and again %v", signed, scale, b.Codes[i], x[i], y[i])
				}
			}
		}
		// In proportion, and nothing positive becomes zero where there are no signs.
		scale, away := uint8(127), 0
		x := math.Float32frombits(0x3e123456)
		lo := f.encode(x, scale, new(uint16))
		for r := range 1 << 16 {
			bits := uint16(r)
			if f.encode(x, scale, &bits) == lo+1 {
				away++
			}
		}
		if want := 0x23456 >> 4; away != want {
			t.Errorf("signed %v: away from zero in %d cases of 65536, want %d", signed, away, want)
		}
		least := f.encode(1e-40, scale, new(uint16))
		if want := map[bool]uint8{true: 0, false: 1}[signed]; least != want {
			t.Errorf("signed %v: 1e-40 is %d, want %d", signed, least, want)
		}
	}
}

// A mixer makes the words of elements c at a step of a stream.
type mixer func(step, stream uint64) func(c uint32) uint32

func ours(step, stream uint64) func(c uint32) uint32 {
	k0, k1 := Rounding{Seed: 42, Step: step, Stream: stream}.Key(0, 0)
	return func(c uint32) uint32 { return RandomWord(k0, k1, c) }
}

// oneMultiply lacks the second product.
func oneMultiply(step, stream uint64) func(c uint32) uint32 {
	k0, k1 := Rounding{Seed: 42, Step: step, Stream: stream}.Key(0, 0)
	return func(c uint32) uint32 {
		w := k0 + c*0x9e3779b9
		w = (w ^ w>>16) * 0x7feb352d
		w ^= w>>15 ^ k1
		return w ^ w>>16
	}
}

// sharedRound has a first round that knows nothing of the stream.
func sharedRound(step, stream uint64) func(c uint32) uint32 {
	k0, _ := Rounding{Seed: 42, Step: step}.Key(0, 0)
	_, k1 := Rounding{Seed: 42, Step: step, Stream: stream}.Key(0, 0)
	return func(c uint32) uint32 { return RandomWord(k0, k1, c) }
}

// unfairness is the largest deviation, in standard deviations, of what should be independent fair bits: each bit's
// mean, and the agreement of each bit with the same of words some elements on, of the next step and of the next stream,
// and of the other half of the word.
func unfairness(f mixer) (z float64, what string) {
	const n = 1 << 18
	words := func(step, stream uint64) []uint32 {
		w, word := make([]uint32, n), f(step, stream)
		for c := range w {
			w[c] = word(uint32(c))
		}
		return w
	}
	look := func(name string, counts *[32]int, of int) {
		for _, ones := range counts {
			if d := math.Abs(float64(ones)-float64(of)/2) / math.Sqrt(float64(of)/4); d > z {
				z, what = d, name
			}
		}
	}
	agree := func(name string, a, b []uint32) {
		var counts [32]int
		for i := range b {
			for bit := range counts {
				counts[bit] += int((a[i] ^ b[i]) >> bit & 1)
			}
		}
		look(name, &counts, len(b))
	}
	for step := range uint64(2) {
		w, zeros := words(step, 0), make([]uint32, n)
		agree("mean", w, zeros)
		for _, lag := range []int{1, 2, 3, 4, 5, 7, 8, 16, 32, 64, 128, 256, 1024, 4096} {
			agree("lag", w, w[lag:])
		}
		halves := make([]uint32, n)
		for i := range w {
			halves[i] = bits.RotateLeft32(w[i], 16)
		}
		agree("halves", w, halves)
		agree("step", w, words(step+1, 0))
		agree("stream", w, words(step, 1))
		// Differences of neighbours of which the other stream has the same, of 256 streams.
		var counts [32]int
		const streams, elements = 256, 16
		for stream := range uint64(streams) {
			a, b := f(step, stream), f(step, stream+1)
			for c := range uint32(elements) {
				d := a(c) ^ a(c+1) ^ b(c) ^ b(c+1)
				for bit := range counts {
					counts[bit] += int(d >> bit & 1)
				}
			}
		}
		look("differences of streams", &counts, streams*elements)
	}
	return z, what
}

// The random bits pass what mixes that are a little weaker do not. Of some 1,200 counts the largest deviation of fair
// bits is above 5 once in a thousand seeds.
func TestRandomBits(t *testing.T) {
	if z, what := unfairness(ours); z > 5 {
		t.Errorf("random bits are %.1f standard deviations from fair: %s", z, what)
	}
	for name, f := range map[string]mixer{"one multiply": oneMultiply, "a round that streams share": sharedRound} {
		if z, what := unfairness(f); z < 10 {
			t.Errorf("%s passes: %.1f (%s)", name, z, what)
		} else {
			t.Logf("%s: %.1f (%s)", name, z, what)
		}
	}
	// Chi-square of the high and of the low byte, 255 degrees of freedom: standard deviation 22.6.
	var high, low [256]float64
	const n = 1 << 18
	word := ours(3, 5)
	for c := range uint32(n) {
		w := word(c)
		high[w>>24]++
		low[w&0xff]++
	}
	for name, counts := range map[string]*[256]float64{"high": &high, "low": &low} {
		chi := 0.0
		for _, k := range counts {
			chi += float64((k-n/256)*(k-n/256)) / (n / 256)
		}
		if chi < 155 || chi > 370 {
			t.Errorf("chi-square of the %s bytes is %.0f, want 255 +- 23", name, chi)
		}
	}
}

// Bits of an element are what rule 15 says: here some that were computed from its text, in Python. Those of the second
// 2^32 elements and of the third operand differ.
func TestBits(t *testing.T) {
	r := Rounding{Seed: 1, Step: 2, Stream: 3}
	for _, c := range []struct {
		j     int
		index uint64
		want  uint16
	}{
		{0, 0, 0x3aa1},
		{0, 1, 0xa532},
		{0, 1000, 0xaa6f},
		{0, 1<<32 + 7, 0x9609},
		{1, 0, 0x5b88},
		{1, 1, 0x95f3},
		{1, 1000, 0xa7a9},
		{1, 1<<32 + 7, 0xc6dd},
		{2, 0, 0x631a},
		{2, 1, 0xca7a},
		{2, 1000, 0x665e},
		{2, 1<<32 + 7, 0xefcc},
		{3, 0, 0x9bb},
		{3, 1, 0x9dce},
		{3, 1000, 0xe127},
		{3, 1<<32 + 7, 0xcb72},
	} {
		if got := r.Bits(c.j, c.index); got != c.want {
			t.Errorf("bits of operand %d at %d are %#x, want %#x", c.j, c.index, got, c.want)
		}
	}
}
