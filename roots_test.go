package bitstep

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/internal/roots"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// forRoots runs f with every backend as every kind of processor.
func forRoots(t *testing.T, f func(t *testing.T, b Backend)) {
	for kind := range Kinds() {
		for _, b := range Backends() {
			t.Run(fmt.Sprintf("processor=%d/backend=%v", kind, b), func(t *testing.T) {
				RunAs(kind, func() { f(t, b) })
			})
		}
	}
}

// groups is enough for some groups of vectors of any balance, a part of one, some vectors and a tail.
const groups = 3*5*16 + 2*16 + 3

// A wrong root shows: all elements of a call have the same mean of squares, and eps is what makes the denominator 0 if
// the root is right.
func TestArchRootsAreExact(t *testing.T) {
	forRoots(t, func(t *testing.T, b Backend) {
		rootsAreExact[float32](t, b, 24)
		rootsAreExact[float64](t, b, 53)
	})
}

func rootsAreExact[T Float](t *testing.T, b Backend, bits int) {
	e, r := On[T](b), edge.Rand(1)
	var all []float64
	for _, c := range roots.HardCases(bits, 40) {
		all = append(all, c.X)
	}
	for range 200 {
		all = append(all, 1+float64(3*r.Float64()))
	}
	// Around the least that is not taken again, of any backend, below it where the residual is no float, and the ends
	// of the normal numbers.
	exponents := []int{0, -78, -80, -82, -104, -108, -112, -116, -120, -124, -126, 124, 126}
	if bits == 53 {
		exponents = append(exponents, -122, -898, -900, -902, -976, -984, -992, -1000, -1008, -1022, 1020, 1022)
	}
	x, s, g := make([]T, groups), make([]T, groups), make([]T, groups)
	for _, v := range all {
		for _, exponent := range exponents {
			v := T(math.Ldexp(v, exponent))
			if !num.Finite(v) {
				continue
			}
			for i := range x {
				x[i], s[i], g[i] = 0, v, 1
			}
			root := T(math.Sqrt(float64(v)))
			e.RMSProp(x, s, g, RMSPropCoef[T]{Decay: 1, LR: 1, Eps: -root})
			for i := range x {
				if !math.IsInf(float64(x[i]), -1) || s[i] != v {
					t.Fatalf("sqrt(%x): element %d is not %x", v, i, root)
				}
			}
		}
	}
}

// All float32 mantissas, of both parities: the estimates are this machine's, or, where the architecture has them in a
// table, those of all.
func TestArchRootsOfAllMantissas(t *testing.T) {
	const block = 1 << 12
	every := 1
	if testing.Short() {
		every = 61
	}
	x, got := make([]float32, block), make([]float32, block)
	for _, b := range Backends()[1:] {
		if b.tiles().chainRows[0] == 0 || b == AVX2 && !exactRoots(b) {
			continue // it takes them in hardware
		}
		for from := 0; from < 1<<24/block; from += every {
			for i := range x {
				x[i] = math.Float32frombits(0x3f800000 + uint32(from*block+i))
			}
			squareRoots(b, block, &x[0], &got[0])
			for i, v := range x {
				if want := float32(math.Sqrt(float64(v))); got[i] != want {
					t.Fatalf("%v: sqrt(%x) = %x, want %x", b, v, got[i], want)
				}
			}
		}
	}
}

// Whatever the others of its group are, an element whose root cannot come from an estimate gets the right one, and
// the others theirs.
func TestArchUnfitRoots(t *testing.T) {
	forRoots(t, func(t *testing.T, b Backend) {
		for id, row := range table.Rows {
			if program.Must(row).Ops[program.Sqrt] {
				unfitRoots[float32](t, b, kernelID(id), row, math.SmallestNonzeroFloat32, 0x1p-126, math.MaxFloat32)
				unfitRoots[float64](t, b, kernelID(id), row, math.SmallestNonzeroFloat64, 0x1p-1022, math.MaxFloat64)
			}
		}
	})
}

func unfitRoots[T Float](t *testing.T, b Backend, id kernelID, row table.Row, least, normal, most T) {
	specials := []T{0, T(math.Copysign(0, -1)), least, normal, normal - least, most, most / 5, -1, -normal, -least,
		-most, T(math.Inf(1)), T(math.Inf(-1)), T(math.NaN()), -T(math.NaN()), 0x1p-80, 0x1p-81, 0x1p-90, 0x1p-124,
		0x1p-125,
		// These are subnormal in float32, from which float64's estimates may come.
		-0x1p-130, 0x1p-130, -0x1p-148, 0x1p-148}
	r, row0 := edge.Rand(2), program.Must(row)
	every := 1
	if testing.Short() {
		every = 7 // positions come in all remainders of groups
	}
	for at := 0; at <= 2*5*16; at += every {
		c, want := call[T]{id: id, backend: b, n: groups}, call[T]{id: id, n: groups}
		special := specials[at%len(specials)]
		var got, defined [maxOperands][]T
		for i, o := range row.Operands {
			s := make([]T, groups)
			for j := range s {
				if s[j] = T(r.Float64()) + .5; !o.NonNegative && o.Name != "m" && r.IntN(2) == 0 {
					s[j] = -s[j]
				}
				if o.Name == "m" { // so that s - m*m is not negative
					s[j] *= .1
				}
			}
			// The first operand that the root depends on: what it is does not change by a gradient of 0.
			if o.NonNegative || o.Name == "g" || o.Name == "m" {
				s[at] = 0
			}
			if o.NonNegative {
				s[at] = special
			}
			got[i], defined[i] = s, slices.Clone(s)
			c.op[i], want.op[i] = unsafe.Pointer(&got[i][0]), unsafe.Pointer(&defined[i][0])
		}
		coef := unsafe.Slice((*T)(unsafe.Pointer(&c.coef)), len(c.coef))
		for i := range row0.Scalars {
			coef[i] = 1
		}
		_, prelude := program.Prelude()
		*(*kernels.Use)(unsafe.Pointer(&coef[len(row0.Scalars)+len(prelude)])) = 0
		want.coef = c.coef
		c.run(0, groups)
		want.run(0, groups)
		for i, o := range row.Operands {
			if j := edge.Differ(got[i], defined[i]); j >= 0 {
				t.Fatalf("%s %T, %x at %d: %s[%d] = %x, want %x", row.Name, special, special, at, o.Name, j, got[i][j],
					defined[i][j])
			}
		}
	}
}

// hardRoots are all that may be wrong.
func TestArchHardRoots(t *testing.T) {
	got, want := slices.Clone(hardRoots[:]), roots.Wrong(roots.Single12Short)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("hardRoots is %x, want %x", got, want)
	}
}

// exactRoots asks for nothing that has to fail: where the roots of hardRoots are right, those of all exponents are.
func TestArchExactRoots(t *testing.T) {
	if slices.Contains(Backends(), AVX2) {
		const b = AVX2
		var x, got [24]float32 // whole vectors
		copy(x[:], hardRoots[:])
		for i := len(hardRoots); i < len(x); i++ {
			x[i] = 1
		}
		squareRoots(b, len(x), &x[0], &got[0])
		right := true
		for i, v := range x {
			right = right && got[i] == float32(math.Sqrt(float64(v)))
		}
		if exact := exactRoots(b); exact != right {
			t.Errorf("exactRoots is %v, and the roots of numbers from 1 to 4 are right: %v", exact, right)
		}
	}
}

// Where it is not exact, AVX2 takes float32's roots in hardware. (The estimates of CPUs that were seen are exact.)
func TestBalance(t *testing.T) {
	if by := balance(Backends(), ordinary); by != [len(backends)]balanced{} {
		t.Errorf("balanced for no processor: %v", by)
	}
	kind := processorOf([]processorIs{{3, false}, {2, true}, {1, true}})
	if kind != 2 {
		t.Errorf("the kind is %d, want the first that the machine is", kind)
	}
	for _, b := range Backends()[1:] {
		want := balanced{kind, kind}
		if b == AVX2 && !exactRoots(b) {
			want.F32 = ordinary
		}
		if by := balance(Backends(), kind)[b]; by != want {
			t.Errorf("%v: %v, want %v", b, by, want)
		}
	}
	defer func(x float32) { hardRoots[3] = x }(hardRoots[3])
	hardRoots[3] = -1 // whose root is no number
	for _, b := range Backends()[1:] {
		want := balanced{kind, kind}
		if b == AVX2 {
			want.F32 = ordinary
		}
		if by := balance(Backends(), kind)[b]; by != want {
			t.Errorf("%v with a wrong root: %v, want %v", b, by, want)
		}
	}
}
