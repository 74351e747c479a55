package verify

import (
	"fmt"
	"slices"

	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// A call is a use of a kernel of the table.
type call[T kernels.Float] struct {
	row     table.Row
	set     string // of operands, and its number there: the case
	number  int
	coef    any
	op      []any
	threads int // 0 is one
}

func (c *call[T]) n() int {
	if s, ok := c.op[0].([]T); ok {
		return len(s)
	}
	return len(c.op[0].([]uint8))
}

// call compares a call with its definition. Operands come to other offsets in each call.
func (v *verifier[T]) call(c call[T]) error {
	if err := v.stop(); err != nil {
		return err
	}
	v.calls++
	want := copies(v.want, c.op, layout{})
	result := v.define.Row(c.row, c.coef, want)
	if c.row.Kind == table.Reduction {
		v.add([]T{result})
	}
	for i, o := range c.row.Operands {
		if o.Write {
			v.add(want[i].([]T))
		}
	}
	for _, s := range v.subjects {
		k := s.on(max(1, c.threads), v.pool)
		for _, at := range layouts(s.name, v.calls, len(c.op), c.threads) {
			got := copies(v.got, c.op, at)
			if r := k.Row(c.row, c.coef, got); !edge.Same(r, result) {
				return c.mismatch(s.name, "result", at, 0, value(r), value(result))
			}
			for i, o := range c.row.Operands {
				if j, g, w, yes := v.got[i].differs(got[i], want[i], at.offset(i)); yes {
					return c.mismatch(s.name, o.Name, at, j, g, w)
				}
			}
		}
	}
	return nil
}

func (c *call[T]) mismatch(backend, operand string, at layout, i int, got, want string) error {
	return &mismatch{record.Mismatch{Kernel: c.row.Name, Type: typeName[T](), Backend: backend, Length: c.n(),
		Operand: operand, Index: i, Inputs: inputs[T](c.row, c.coef, c.op, i, c.n()), Want: want, Got: got,
		Case: fmt.Sprintf("%s %d, %s", c.set, c.number, at.tell(len(c.op)))}}
}

// each compares a step of several tensors, whose operands are op[tensor], with the definition's of each.
func (v *verifier[T]) each(row table.Row, number int, coef any, op [][]any, threads int) error {
	if err := v.stop(); err != nil {
		return err
	}
	v.calls++
	for len(v.tensors) < len(op) {
		v.tensors = append(v.tensors, rooms[T]())
	}
	var want [][]any
	for _, tensor := range op {
		want = append(want, rows.Clone[T](tensor))
	}
	v.define.Each(row, coef, want)
	for _, tensor := range want {
		for i, o := range row.Operands {
			if o.Write {
				v.add(tensor[i].([]T))
			}
		}
	}
	for _, s := range v.subjects {
		k := s.on(max(1, threads), v.pool)
		for _, at := range layouts(s.name, v.calls, len(row.Operands), threads) {
			var got [][]any
			for t, tensor := range op {
				got = append(got, copies(v.tensors[t], tensor, at.shifted(t)))
			}
			k.Each(row, coef, got)
			for t, tensor := range op {
				for i, o := range row.Operands {
					j, g, w, yes := v.tensors[t][i].differs(got[t][i], want[t][i], at.shifted(t).offset(i))
					if !yes {
						continue
					}
					n := len(tensor[i].([]T))
					return &mismatch{record.Mismatch{Kernel: row.Name + "Each", Type: typeName[T](), Backend: s.name,
						Length: n, Operand: o.Name, Index: j, Got: g, Want: w,
						Inputs: inputs[T](row, coef, tensor, j, n), Case: fmt.Sprintf("each %d, tensor %d of %d, %s",
							number, t, len(op), at.shifted(t).tell(len(tensor)))}}
				}
			}
		}
	}
	return nil
}

// allFinite compares a call of AllFinite with its definition.
func (v *verifier[T]) allFinite(set string, number int, x []T, threads int) error {
	if err := v.stop(); err != nil {
		return err
	}
	v.calls++
	want := v.define.AllFinite(x)
	result := byte(0)
	if want {
		result = 1
	}
	v.sum.Write([]byte{result})
	for _, s := range v.subjects {
		if got := s.on(max(1, threads), v.pool).AllFinite(x); got != want {
			m := record.Mismatch{Kernel: "AllFinite", Type: typeName[T](), Backend: s.name, Length: len(x),
				Operand: "result", Got: fmt.Sprint(got), Want: fmt.Sprint(want),
				Case: fmt.Sprintf("%s %d", set, number)}
			odd := slices.IndexFunc(x, func(v T) bool { return !num.Finite(v) })
			if m.Index = max(0, odd); odd >= 0 { // which decides
				m.Inputs = []string{element[T]("x", x, odd)}
			} else { // all of them do
				for i := range min(len(x), shown) {
					m.Inputs = append(m.Inputs, element[T]("x", x, i))
				}
				m.Inputs = append(m.Inputs, more(len(x))...)
			}
			return &mismatch{m}
		}
	}
	return nil
}
