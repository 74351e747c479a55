package verify

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/fmacases"
	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/internal/roots"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Exhaustive checks. Their digests, too, are the same on every machine, whatever its backends.

// every is which of the blocks of all inputs are tried: a test makes it more than 1.
var every = uint64(1)

const (
	block     = 1 << 16         // of inputs
	blocks    = 1 << 32 / block // of all float32
	drawings  = 256             // of blocks of what a byte is combined with
	turns     = 1 << 16         // of each family of fma
	hardBlock = 1 << 12         // of float64
	perSign   = 2048            // numbers of an exponent and sign
)

// allFloats calls f with all float32, in blocks.
func allFloats(f func(x []float32) error) error {
	x := make([]float32, block)
	for from := uint64(0); from < 1<<32; from += every * block {
		for i := range x {
			x[i] = math.Float32frombits(uint32(from) + uint32(i))
		}
		if err := f(x); err != nil {
			return err
		}
	}
	return nil
}

// longParts lists the parts of -long.
func longParts() (all []part) {
	of32 := func(o *Options) []subject[float32] { return o.of32 }
	of64 := func(o *Options) []subject[float64] { return o.of64 }
	for _, row := range table.Rows {
		if row.Kind == table.Map && len(row.Operands) == 1 {
			all = append(all, longPart(row.Name, "all float32", blocks, of32,
				func(v *verifier[float32]) error { return v.all(row) }))
			if program.Must(row).Ops[program.Exp] { // which has assembly in float64 alone
				all = append(all, longPart(row.Name, "all float32", blocks, of64,
					func(v *verifier[float64]) error { return v.all(row) }))
			}
		}
		if row.Converts() {
			all = append(all, longPart(row.Name, "all bytes", drawings, of32,
				func(v *verifier[float32]) error { return v.allBytes(row) }),
				longPart(row.Name, "all bytes", drawings, of64,
					func(v *verifier[float64]) error { return v.allBytes(row) }))
		}
	}
	all32 := longPart("sqrt", "all", blocks, of32, allRoots)
	hard64 := longPart("sqrt", "hard cases", 4096*perSign/hardBlock, of64, hardRoots)
	all32.covers, hard64.covers = hasRoots[float32], hasRoots[float64]
	return append(all, all32, hard64, longPart("fma", "families", len(fmacases.Families)*turns, of32, allFamilies))
}

// hasRoots reports whether a backend takes roots of its own, from estimates. The others take them in hardware, one by
// one as the definition does: there is nothing to compare.
func hasRoots[T kernels.Float](backend string) bool {
	_, ok := roots.ShippedBy[T](backend)
	return ok
}

func longPart[T kernels.Float](kernel, which string, calls int, subjects func(*Options) []subject[T],
	run func(*verifier[T]) error) part {
	return part{kernel: kernel, typ: typeName[T](), what: kernel + " " + typeName[T]() + ", " + which, calls: calls,
		long: true, run: func(o *Options, stop func() error, pool *bitstep.Pool) (done, error) {
			v := newVerifier(subjects(o), stop, pool)
			err := run(v)
			return done{v.calls, hex.EncodeToString(v.sum.Sum(nil))}, err
		}}
}

// all verifies a kernel of one operand for all float32.
func (v *verifier[T]) all(row table.Row) error {
	x, coef, n := v.in[0].place(table.Element, block, 0).([]T), rows.Sample[T](row), 0
	return allFloats(func(all []float32) error {
		for i, a := range all {
			x[i] = T(a)
		}
		n++
		return v.call(call[T]{row: row, set: "all", number: n - 1, coef: coef, op: []any{x}})
	})
}

// allBytes verifies a conversion: each byte with many of what it is combined with.
func (v *verifier[T]) allBytes(row table.Row) error {
	s := &set[T]{verifier: v, row: row, name: "bytes", r: random("bytes " + row.Name + " " + typeName[T]())}
	for range drawings / min(every, drawings) {
		coef, op := s.drawn(block)
		for _, o := range op {
			if b, ok := o.([]uint8); ok {
				for i := range b {
					b[i] = uint8(i)
				}
			}
		}
		if err := s.run(coef, op, 0); err != nil {
			return err
		}
	}
	return nil
}

// A rooter is how a backend takes roots.
type rooter[T kernels.Float] struct {
	roots.Shipped[T]
	roots func(x, out []T, trusted []bool)
}

// shipped are those of the subjects that have any.
func shipped[T kernels.Float](v *verifier[T]) map[string]rooter[T] {
	all := map[string]rooter[T]{}
	for _, s := range v.subjects {
		if r, ok := roots.ShippedBy[T](s.name); ok {
			all[s.name] = rooter[T]{r, r.Roots}
		}
	}
	return all
}

// roots compares roots with those of the definition. A vector of which one is not trusted is taken again by a step; it
// must have a number beyond the range.
func (v *verifier[T]) roots(all map[string]rooter[T], x []T) error {
	if err := v.stop(); err != nil {
		return err
	}
	v.calls++
	want, trusted := make([]T, len(x)), make([]bool, len(x))
	for i, a := range x {
		want[i] = T(math.Sqrt(float64(a)))
	}
	v.add(want)
	at := v.calls % offsets
	for _, s := range v.subjects { // in order
		r, ok := all[s.name]
		if !ok {
			continue
		}
		// No root is a sentinel: one that is not written is found, whatever it should be, and so is one too many.
		got := v.got[0].filled(len(x), at)
		clear(trusted)
		r.roots(v.got[1].copied(x, at).([]T), got, trusted)
		if i, yes := written(v.got[0].elements, len(x), at, sentinel); yes {
			return &mismatch{record.Mismatch{Kernel: "sqrt", Type: typeName[T](), Backend: s.name, Length: len(x),
				Operand: "result", Index: i, Got: value(v.got[0].elements[margin+at+i]), Want: sentinelMessage,
				Case: fmt.Sprintf("block %d", v.calls-1)}}
		}
		for i := range x {
			m := record.Mismatch{Kernel: "sqrt", Type: typeName[T](), Backend: s.name, Length: len(x),
				Operand: "result", Index: i, Case: fmt.Sprintf("block %d", v.calls-1)}
			switch vector := i / r.Lanes; {
			case trusted[vector]:
				if edge.Same(got[i], want[i]) {
					continue
				}
				m.Got, m.Want = value(got[i]), value(want[i])
			default:
				if i%r.Lanes != 0 || !within(x[i:i+r.Lanes], r.Least, r.End) {
					continue
				}
				m.Got, m.Want = "not trusted", "trusted"
			}
			m.Inputs = []string{element[T]("x", x, i)}
			return &mismatch{m}
		}
	}
	return nil
}

// within reports whether all of x are.
func within[T kernels.Float](x []T, least, end T) bool {
	for _, a := range x {
		if !(a >= least && a < end) {
			return false
		}
	}
	return true
}

// allRoots verifies the roots of all float32.
func allRoots(v *verifier[float32]) error {
	s := shipped(v)
	return allFloats(func(x []float32) error { return v.roots(s, x) })
}

// hardRoots verifies the roots of float64 that lie nearest to the middle of two floats, in all powers of 4, and some of
// all exponents and signs.
func hardRoots(v *verifier[float64]) error {
	s, r := shipped(v), random("sqrt float64")
	var x []float64
	add := func(a float64) error {
		if x = append(x, a); len(x) < hardBlock {
			return nil
		}
		err := v.roots(s, x)
		x = x[:0]
		return err
	}
	for exp := range uint64(4096) { // and sign
		for range perSign / min(every, perSign) {
			if err := add(math.Float64frombits(exp<<52 | r.Uint64()>>12)); err != nil {
				return err
			}
		}
	}
	for _, c := range roots.HardCases(53, 400) {
		for e := -1074; e < 1024; e += 2 {
			if err := add(math.Ldexp(c.X, e)); err != nil {
				return err
			}
		}
	}
	for len(x) > 0 {
		if err := add(1); err != nil {
			return err
		}
	}
	return nil
}

// allFamilies verifies fma in float32: the definition, which is software, against arbitrary precision, and backends,
// whose is an instruction, against the definition.
func allFamilies(v *verifier[float32]) error {
	const lines = 16 // x, y and z of a product of lines x 1 x lines, whose diagonal they are
	for i, f := range fmacases.Families {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		for turn := range turns / min(every, 1<<12) {
			if err := v.stop(); err != nil {
				return err
			}
			x, y, z := make([]float32, lines), make([]float32, lines), make([]float32, lines*lines)
			for j := range lines {
				x[j], y[j], z[j*(lines+1)] = f.Make(r)
			}
			for j := range lines {
				a, b, c := x[j], y[j], z[j*(lines+1)]
				got, want := kernels.FMA(a, b, c), fmacases.Exact(a, b, c)
				if !edge.Same(got, want) {
					return &mismatch{record.Mismatch{Kernel: "fma", Type: "float32", Backend: "the definition",
						Length: 1, Operand: "result", Want: value(want), Got: value(got), Case: f.Name,
						Inputs: []string{"a=" + value(a), "b=" + value(b), "c=" + value(c)}}}
				}
			}
			if err := v.families(fmt.Sprintf("%s %d", f.Name, turn), x, y, z); err != nil {
				return err
			}
		}
	}
	return nil
}

// families compares c = fma(a, b, c) for all pairs of a and b.
func (v *verifier[T]) families(which string, a, b, c []T) error {
	v.calls++
	want := append([]T(nil), c...)
	n := len(a)
	v.define.GemmContinue(false, false, n, n, 1, a, 1, b, n, want, n)
	v.add(want)
	for _, s := range v.subjects {
		got := append([]T(nil), c...)
		s.on(1, v.pool).GemmContinue(false, false, n, n, 1, a, 1, b, n, got, n)
		if i := edge.Differ(got, want); i >= 0 {
			return &mismatch{record.Mismatch{Kernel: "fma", Type: typeName[T](), Backend: s.name, Length: 1,
				Operand: "c", Index: i, Want: value(want[i]), Got: value(got[i]), Case: which, Inputs: []string{
					element[T]("a", a, i/n), element[T]("b", b, i%n), element[T]("c", c, i)}}}
		}
	}
	return nil
}
