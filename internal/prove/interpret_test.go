package prove

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// bitsOf returns numbers by their bits.
func bitsOf(s any) (bits []uint64) {
	switch s := s.(type) {
	case []float32:
		for _, x := range s {
			bits = append(bits, uint64(math.Float32bits(x)))
		}
	case []float64:
		for _, x := range s {
			bits = append(bits, math.Float64bits(x))
		}
	case []uint8:
		for _, x := range s {
			bits = append(bits, uint64(x))
		}
	}
	return bits
}

// setBits is bitsOf the other way round.
func setBits(s any, bits []uint64) {
	switch s := s.(type) {
	case []float32:
		for i, b := range bits {
			s[i] = math.Float32frombits(uint32(b))
		}
	case []float64:
		for i, b := range bits {
			s[i] = math.Float64frombits(b)
		}
	}
}

// coefBits returns the floats of coefficients in the order of memory, and what selects a Prelude.
func coefBits(v reflect.Value) (bits []uint64, use uint32) {
	switch v.Kind() {
	case reflect.Float32:
		return []uint64{uint64(math.Float32bits(float32(v.Float())))}, 0
	case reflect.Float64:
		return []uint64{math.Float64bits(v.Float())}, 0
	case reflect.Struct:
		for i := range v.NumField() {
			b, u := coefBits(v.Field(i))
			bits, use = append(bits, b...), use|u
		}
	case reflect.Array:
		for i := range v.Len() {
			b, _ := coefBits(v.Index(i))
			bits = append(bits, b...)
		}
	default:
		return nil, uint32(v.Uint())
	}
	return bits, use
}

// interpreted compares a function with its definition on tensors of some lengths, and returns where they differ.
func interpreted[T kernels.Float](v *Prover, fn *Func, row table.Row, use kernels.Use, lengths []int) error {
	r := edge.Rand(uint64(len(fn.Name)))
	coef := rows.NewCoef[T](row)
	in := Input{}
	if coef != nil {
		edge.FillCoef[T](r, coef, use)
		in.Coefs, in.Use = coefBits(reflect.ValueOf(coef).Elem())
	}
	var want [][]any
	for _, n := range lengths {
		var op []any
		for _, o := range row.Operands {
			if o.Storage == table.Byte {
				op = append(op, make([]uint8, n))
			} else {
				op = append(op, make([]T, n))
			}
		}
		edge.FillOperands[T](r, false, op...)
		var bits [][]uint64
		for _, o := range op {
			bits = append(bits, bitsOf(o))
		}
		want, in.Tensors = append(want, op), append(in.Tensors, bits)
		rows.Define[T](row, coef, op)
	}
	if _, err := v.Interpret(fn, in); err != nil {
		return err
	}
	for i, op := range want {
		got := rows.Clone[T](op)
		for j := range op {
			setBits(got[j], in.Tensors[i][j])
			if at, g, w := rows.Differ[T](got[j], op[j]); at >= 0 {
				return fmt.Errorf("%s[%d] = %v, want %v", row.Operands[j].Name, at, g, w)
			}
		}
	}
	return nil
}

// reduced compares a reduction with its definition on n elements of each chunk.
func reduced[T kernels.Float](v *Prover, fn *Func, t *theorem, n int) error {
	r := edge.Rand(uint64(n))
	for _, given := range []bool{false, true} {
		in := Input{}
		if given || t.chunks > 1 {
			in.Lanes = make([]uint64, 16*t.chunks)
		}
		var want []T
		for range t.chunks {
			var op []any
			var bits [][]uint64
			for range t.operands {
				op = append(op, make([]T, n))
			}
			edge.FillOperands[T](r, true, op...)
			for _, o := range op {
				bits = append(bits, bitsOf(o))
			}
			in.Tensors, want = append(in.Tensors, bits), append(want, rows.Define[T](t.row, nil, op))
		}
		result, err := v.Interpret(fn, in)
		if err != nil {
			return err
		}
		for c, w := range want {
			got := make([]T, t.lineLanes())
			if t.chunks == 1 {
				got = got[:1]
				setBits(got, []uint64{result})
			} else {
				setBits(got, in.Lanes[16*c:16*c+len(got)])
			}
			for half := len(got) / 2; half > 0; half /= 2 {
				for i := range half {
					got[i] += got[i+half]
				}
			}
			if !edge.Same(got[0], w) {
				return fmt.Errorf("%d elements, chunk %d: %v, want %v", n, c, got[0], w)
			}
		}
	}
	return nil
}

// rooted compares roots by fma with the square roots that they are.
func rooted[T kernels.Float](v *Prover, fn *Func, t *theorem) error {
	r, x := edge.Rand(3), make([]T, 256/t.elemSize)
	for i := range x {
		x[i] = T(math.Ldexp(1+r.Float64(), r.IntN(100)-50))
	}
	in := Input{Tensors: [][][]uint64{{bitsOf(x), make([]uint64, len(x))}}}
	if _, err := v.Interpret(fn, in); err != nil {
		return err
	}
	got := make([]T, len(x))
	setBits(got, in.Tensors[0][1])
	for i, x := range x {
		if want := T(math.Sqrt(float64(x))); got[i] != want {
			return fmt.Errorf("the root of %v is %v, want %v", x, got[i], want)
		}
	}
	return nil
}

// interpretedAny is interpreted for a function of any row, on lengths that take all its loops and tails.
func interpretedAny(v *Prover, fn *Func, lengths []int) error {
	_, t, err := v.theorem(fn)
	if err != nil {
		return err
	}
	if t.chunks > 0 {
		for _, n := range lengths {
			if t.chunks > 1 {
				n = n / t.lineLanes() * t.lineLanes()
			}
			if t.elemSize == 4 {
				err = reduced[float32](v, fn, t, n)
			} else {
				err = reduced[float64](v, fn, t, n)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	switch {
	case t.alone && t.elemSize == 4:
		return rooted[float32](v, fn, t)
	case t.alone:
		return rooted[float64](v, fn, t)
	case t.pipelined: // three groups of those with four vectors of 64 bytes, and more
		lengths = append(lengths[:len(lengths):len(lengths)], 4*256/t.elemSize+5)
	}
	run := interpreted[float32]
	if t.elemSize == 8 {
		run = interpreted[float64]
	}
	if t.wholeVectors() {
		lengths = []int{0, 64, 80, 16 * 9}
	}
	uses := []kernels.Use{0}
	if t.uses > 0 {
		uses = append(uses, kernels.Use(len(fn.Name)%int(t.uses)), kernels.Use(t.uses-1))
	}
	for _, use := range uses {
		if t.each {
			err = run(v, fn, t.row, use, lengths)
		}
		for _, n := range lengths {
			if !t.each && err == nil {
				err = run(v, fn, t.row, use, []int{n})
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// The interpreter, which needs none of the instruction sets, gives the bits of the definitions: so each instruction's
// line in the table means what the processors do, whose results other tests compare with the definitions.
func TestInterpreter(t *testing.T) {
	for _, v := range provers(t) {
		for _, fn := range v.File.Funcs {
			class, _, err := v.theorem(fn)
			if err != nil || !Covered[class] || class == Preludes { // which steps call
				continue
			}
			if err := interpretedAny(v, fn, []int{0, 1, 2, 5, 7, 8, 15, 16, 31, 77, 143}); err != nil {
				t.Errorf("%s: %v", fn.Name, err)
			}
		}
	}
}
