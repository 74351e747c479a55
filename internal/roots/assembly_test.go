package roots

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

// all asks for what takes minutes; .ci/long does.
var all = os.Getenv("BITSTEP_ROOTS") != ""

// eachBackend tests the assembly of each backend that this machine can run, with its forms.
func eachBackend(t *testing.T, test func(t *testing.T, in instructions, single, double Form)) {
	for _, in := range assembly {
		here := func(b bitstep.Backend) bool { return b.String() == in.backend }
		if !slices.ContainsFunc(bitstep.Backends(), here) {
			continue
		}
		single, double := Single14, Double14
		if in.backend == "avx2" {
			single, double = Single12Short, Double21
		}
		t.Run(in.backend, func(t *testing.T) { test(t, in, single, double) })
	}
}

// The assembly of a form is its definition.
func TestArchRefine(t *testing.T) {
	eachBackend(t, func(t *testing.T, in instructions, single, double Form) {
		checkRefine(t, single, in.single, kernels.FMA)
		checkRefine(t, double, in.double, math.FMA)
	})
}

func checkRefine[T float32 | float64](t *testing.T, f Form, p parts[T], fma func(a, b, c T) T) {
	const n = 1 << 14
	r := rand.New(rand.NewPCG(11, 12))
	x, h, out := make([]T, n), make([]T, n), make([]T, n)
	hard := HardCases(f.Bits, 400)
	for i := range x {
		x[i] = T(1 + 3*r.Float64())
		if i%2 == 0 {
			x[i] = T(hard[r.IntN(len(hard))].X)
		}
		h[i] = T(estimate(f, r, float64(x[i])))
	}
	p.refine(n, &x[0], &h[0], &out[0])
	for i := range x {
		if want := Root(f, x[i], h[i], fma); out[i] != want {
			t.Fatalf("%s: sqrt(%x) from %x = %x, want %x", f.Name, x[i], h[i], out[i], want)
		}
	}
}

// TestArchSingle tries float32 x in [1, 4), all or some, with all estimates that the bound allows: wrong are those of
// Wrong, which tries but hard cases.
func TestArchSingle(t *testing.T) {
	step := uint32(509)
	if all {
		step = 1
	}
	eachBackend(t, func(t *testing.T, in instructions, f, _ Form) {
		least := math.Float32bits(float32(.25*(1-f.Error))) - 1
		every := make([]float32, math.Float32bits(float32(.5*(1+f.Error)))+64-least)
		for i := range every {
			every[i] = math.Float32frombits(least + uint32(i))
		}
		cases := 0
		var xs, wants, out []float32
		right := func(x float32) bool {
			exact := .5 / math.Sqrt(float64(x))
			low, high := exact*(1-f.Error), exact*(1+f.Error)
			first, end := math.Float32bits(float32(low))-least, math.Float32bits(float32(high))-least
			if float64(every[first]) < low {
				first++
			}
			if float64(every[end]) <= high {
				end++
			}
			n := int(end - first)
			cases += n
			xs, wants = filled(xs, n, x), filled(wants, n, float32(math.Sqrt(float64(x))))
			out = slices.Grow(out[:0], len(xs))[:len(xs)]
			in.single.refine(len(xs), &xs[0], &every[first], &out[0])
			return bytes.Equal(raw(out[:n]), raw(wants[:n]))
		}
		want := Wrong(f)
		slices.Sort(want)
		var wrong []float32
		for bits := math.Float32bits(1); bits < math.Float32bits(4); bits += step {
			if x := math.Float32frombits(bits); !right(x) {
				wrong = append(wrong, x)
			}
		}
		for _, x := range want {
			if !slices.Contains(wrong, x) && !right(x) {
				wrong = append(wrong, x)
			}
		}
		slices.Sort(wrong)
		if !slices.Equal(wrong, want) {
			t.Errorf("%s is wrong for %x, want %x", f.Name, wrong, want)
		}
		t.Logf("%s: %d x and estimates, %d x wrong from some", f.Name, cases, len(wrong))
	})
}

// filled returns s with whole vectors of v, at least n.
func filled(s []float32, n int, v float32) []float32 {
	n = (n + 15) &^ 15
	s = slices.Grow(s[:0], n)[:n]
	s[0] = v
	for done := 1; done < n; done *= 2 {
		copy(s[done:], s[:done])
	}
	return s
}

func raw(s []float32) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), 4*len(s)) }

// The instruction of this CPU keeps its bound, and NEON's is as the architecture has it: for all of float32, and for
// some of float64.
func TestArchEstimates(t *testing.T) {
	eachBackend(t, func(t *testing.T, in instructions, single, double Form) {
		const n = 1 << 12
		var x, h [n]float32
		largest := 0.0
		step := uint32(n)
		if testing.Short() {
			step *= 16
		}
		for bits := math.Float32bits(1); bits < math.Float32bits(4); bits += step {
			for i := range x {
				x[i] = math.Float32frombits(bits + uint32(i))
			}
			in.single.estimate(n, &x[0], &h[0])
			for i := range x {
				largest = max(largest, math.Abs(relative(float64(h[i]), float64(x[i]))))
				if in.backend == "neon" && h[i] != NEON(x[i], kernels.FMA) {
					t.Fatalf("the estimate of %x is %x, want %x", x[i], h[i], NEON(x[i], kernels.FMA))
				}
			}
		}
		check := func(f Form) {
			t.Logf("%s: estimates err by up to 2^%.2f", f.Name, math.Log2(largest))
			if largest > f.Error {
				t.Errorf("%s: estimates err by %g, want at most %g", f.Name, largest, f.Error)
			}
		}
		check(single)
		r := rand.New(rand.NewPCG(13, 14))
		var y, k [n]float64
		largest = 0
		for range 100 {
			for i := range y {
				y[i] = 1 + 3*r.Float64()
			}
			in.double.estimate(n, &y[0], &k[0])
			for i := range y {
				largest = max(largest, math.Abs(relative(k[i], y[i])))
				if in.backend == "neon" && k[i] != NEON(y[i], math.FMA) {
					t.Fatalf("the estimate of %x is %x, want %x", y[i], k[i], NEON(y[i], math.FMA))
				}
			}
		}
		check(double)
	})
}

// All of it is right on this CPU, or says that it is not, and does that only beyond the range: for numbers of all
// exponents and kinds, or all float32.
func TestArchGuard(t *testing.T) {
	eachBackend(t, func(t *testing.T, in instructions, _, double Form) {
		r := rand.New(rand.NewPCG(15, 16))
		s := &guard[float32]{t, in.single, in.vecBytes / 4, 0x1p-80, 0x1p126, nil}
		hard := HardCases(24, 64)
		for exp := range uint32(512) { // and sign
			for _, c := range hard {
				s.add(math.Float32frombits(exp<<23 | math.Float32bits(float32(c.X))<<9>>9))
				s.add(math.Float32frombits(exp<<23 | uint32(r.Uint64())>>9))
			}
			for _, fraction := range []uint32{0, 1, 1 << 22, 1<<23 - 1} {
				s.alone(math.Float32frombits(exp<<23 | fraction))
			}
		}
		if all {
			for bits := range uint64(1 << 32) {
				s.add(math.Float32frombits(uint32(bits)))
			}
		}
		s.flush()
		d := &guard[float64]{t, in.double, in.vecBytes / 8, 0x1p-900, 0x1p1022, nil}
		if double.Name == Double21.Name {
			d.least, d.end = 0x1p-124, 0x1p125
		}
		for exp := range uint64(4096) {
			for range 64 {
				d.add(math.Float64frombits(exp<<52 | r.Uint64()>>12))
			}
			for _, fraction := range []uint64{0, 1, 1 << 51, 1<<52 - 1} {
				d.alone(math.Float64frombits(exp<<52 | fraction))
			}
		}
		for _, c := range HardCases(53, 40) {
			for e := -1074; e < 1024; e += 2 {
				d.add(math.Ldexp(c.X, e))
			}
		}
		d.flush()
	})
}

// A guard checks roots and what is said of them.
type guard[T float32 | float64] struct {
	*testing.T
	parts      parts[T]
	lanes      int
	least, end T // in which all must be fit
	x          []T
}

func (g *guard[T]) add(x T) {
	if g.x = append(g.x, x); len(g.x) == 1<<12 {
		g.flush()
	}
}

// alone adds x in each place of a vector of ordinary numbers.
func (g *guard[T]) alone(x T) {
	for i := range g.lanes {
		for j := range g.lanes {
			if i == j {
				g.add(x)
			} else {
				g.add(T(1 + j))
			}
		}
	}
}

func (g *guard[T]) flush() {
	for len(g.x)%g.lanes != 0 {
		g.x = append(g.x, 1)
	}
	if len(g.x) == 0 {
		return
	}
	out, unfit := make([]T, len(g.x)), make([]uint64, len(g.x)/g.lanes)
	g.parts.guarded(len(g.x), &g.x[0], &out[0], &unfit[0])
	for v := range unfit {
		inside := true
		for i := v * g.lanes; i < (v+1)*g.lanes; i++ {
			x := g.x[i]
			inside = inside && x >= g.least && x < g.end
			want := T(math.Sqrt(float64(x)))
			if unfit[v] == 0 && (math.Float64bits(float64(out[i])) != math.Float64bits(float64(want)) && want == want) {
				g.Fatalf("sqrt(%x) = %x, said to be right", x, out[i])
			}
		}
		if inside && unfit[v] != 0 {
			g.Fatalf("sqrt of %x is said to be unfit", g.x[v*g.lanes:(v+1)*g.lanes])
		}
	}
	g.x = g.x[:0]
}
