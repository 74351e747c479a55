package verify

import (
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"unsafe"

	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/internal/roots"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// The sets of operands that a kernel of the table is called with.

// A set makes calls of a kernel, numbered from 0 on.
type set[T kernels.Float] struct {
	*verifier[T]
	row    table.Row
	p      *program.Program
	name   string
	r      *rand.Rand
	number int
}

// random is the generator of a name's numbers.
func random(name string) *rand.Rand {
	h := fnv.New64a()
	io.WriteString(h, name)
	return edge.Rand(h.Sum64())
}

// row verifies a kernel of the table.
func (v *verifier[T]) row(row table.Row) error {
	p := program.Must(row)
	all := []struct {
		name string
		run  func(*set[T]) error
		is   bool
	}{
		{"length", (*set[T]).lengths, true},
		{"pair", (*set[T]).pairs, row.Kind != table.Reduction},
		{"single", (*set[T]).singles, row.Kind != table.Reduction},
		{"addend", (*set[T]).addends, row.Kind == table.Reduction},
		{"root", (*set[T]).roots, row.Kind == table.Step && p.Ops[program.Sqrt]},
		{"exponent", (*set[T]).exponents, p.Ops[program.Exp]},
		{"long", (*set[T]).long, true},
		{"several", (*set[T]).several, row.Kind == table.Step},
	}
	for _, s := range all {
		if s.is {
			err := s.run(&set[T]{v, row, p, s.name, random(s.name + " " + row.Name + " " + typeName[T]()), 0})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// fresh returns operands of n elements for the next call, which the caller fills.
func (s *set[T]) fresh(n int) []any {
	op := make([]any, len(s.row.Operands))
	for i, o := range s.row.Operands {
		op[i] = s.in[i].place(o.Storage, n, 0)
	}
	return op
}

// drawn returns operands as tests have them, and coefficients with the next use of a prelude.
func (s *set[T]) drawn(n int) (coef any, op []any) {
	op, coef = s.fresh(n), rows.NewCoef[T](s.row)
	s.fill(op)
	edge.FillCoef[T](s.r, coef, s.use())
	return coef, op
}

func (s *set[T]) fill(op []any) {
	edge.FillOperands[T](s.r, s.row.Kind == table.Reduction, op...)
	for i, o := range s.row.Operands {
		if o.NonNegative && s.r.IntN(2) == 0 { // so that most roots are numbers
			for j, x := range op[i].([]T) {
				op[i].([]T)[j] = T(math.Abs(float64(x)))
			}
		}
	}
}

// use goes through the combinations of a prelude's lines.
func (s *set[T]) use() kernels.Use { return kernels.Use(s.number) % kernels.Uses }

func (s *set[T]) run(coef any, op []any, threads int) error {
	err := s.call(call[T]{s.row, s.name, s.number, coef, op, threads})
	s.number++
	return err
}

// span is how many elements some calls have: more than a turn of the longest unrolled loop, four vectors of 64 bytes,
// and a tail; of a step with roots, some groups of its software pipeline, a part of one, and a tail.
func (s *set[T]) span() int {
	if s.p.Ops[program.Sqrt] {
		return 275
	}
	return 97
}

// lengths are all lengths around the vectors and loops of a kernel, and those around where a pipeline begins.
func (s *set[T]) lengths() error {
	for n := range 200 {
		coef, op := s.drawn(n)
		if err := s.run(coef, op, 0); err != nil {
			return err
		}
	}
	if !s.p.Ops[program.Sqrt] {
		return nil
	}
	const pipelined, vector = 1024, 64 // bytes
	size := int(unsafe.Sizeof(T(0)))
	for n := pipelined/size - 1; n <= (pipelined+5*vector)/size; n++ {
		coef, op := s.drawn(n)
		if err := s.run(coef, op, 0); err != nil {
			return err
		}
	}
	return nil
}

// pairs are edges alone: each at every position, and each pair of two operands'. A byte goes through all that it can
// be.
func (s *set[T]) pairs() error {
	e, n := edges[T](), s.span()
	turns := len(e)
	if len(s.row.Operands) == 1 {
		turns = 1
	}
	for turn := range turns {
		for shift := range e {
			op, coef := s.fresh(n), rows.NewCoef[T](s.row)
			for j := range op {
				switch op := op[j].(type) {
				case []T:
					for i := range op {
						op[i] = e[(i+shift+j*turn)%len(e)]
					}
				case []uint8:
					for i := range op {
						op[i] = uint8(i + shift + len(e)*turn)
					}
				}
			}
			edge.FillCoef[T](s.r, coef, s.use())
			if err := s.run(coef, op, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// singles are ordinary numbers with an edge among them, at every position of three lines or of a pipeline's groups: an
// element that has to be computed in another way than those beside it.
func (s *set[T]) singles() error {
	e := edges[T]()
	for at := range 97 {
		for j, o := range s.row.Operands {
			if o.Storage == table.Byte {
				continue // no byte is computed in another way
			}
			op, coef := s.ordinary(s.span()), rows.NewCoef[T](s.row)
			edge.FillCoef[T](s.r, coef, s.use())
			if at%2 == 0 && s.row.Kind == table.Step {
				coef = rows.Lasting[T](s.row) // states stay what they are
			}
			for i, turn := at, 0; i < s.span(); i, turn = i+97, turn+1 {
				if o.NonNegative { // what a root is taken of is an edge, too
					for k, other := range s.row.Operands {
						if other.Name == "g" || other.Name == "m" {
							op[k].([]T)[i] = 0
						}
					}
				}
				op[j].([]T)[i] = e[(at+turn+13*j)%len(e)]
			}
			if err := s.run(coef, op, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// ordinary returns operands from 1/2 to 3/2 in size, those that are never negative positive. Means of gradients are
// smaller: their squares are no more than means of squares.
func (s *set[T]) ordinary(n int) []any {
	op := s.fresh(n)
	for j, o := range s.row.Operands {
		switch x := op[j].(type) {
		case []T:
			for i := range x {
				if x[i] = T(s.r.Float64()) + .5; !o.NonNegative && s.r.IntN(2) == 0 {
					x[i] = -x[i]
				}
				if o.Name == "m" {
					x[i] *= .125
				}
			}
		case []uint8:
			edge.FillBytes(s.r, x)
		}
	}
	return op
}

// addends are sums of ordinary numbers, of zeros and of negative zeros with an edge among them, at every position.
func (s *set[T]) addends() error {
	e := edges[T]()
	for at := range 97 {
		for turn := range e {
			op := s.fresh(s.span())
			for j := range op {
				x := op[j].([]T)
				for i := range x {
					switch turn % 3 {
					case 0:
						x[i] = T(s.r.Float64()) - .5
					case 1:
						x[i] = 0
					case 2:
						x[i] = T(math.Copysign(0, -1))
					}
				}
				x[at] = e[(turn+j*(at+1))%len(e)]
			}
			if err := s.run(nil, op, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// roots are numbers whose root lies nearest to the middle of two floats, in powers of 4: an estimate that is almost
// good enough gets those wrong. Gradients are 0, and eps is minus the root: what is divided by is 0, so that the result
// is NaN, if and only if the root is right.
func (s *set[T]) roots() error {
	bits, exponents := 24, []int{0, -80, -82, 124}
	if unsafe.Sizeof(T(0)) == 8 {
		bits, exponents = 53, []int{0, -124, 122, -900, -902, 1020}
	}
	for _, c := range roots.HardCases(bits, 24) {
		for _, exponent := range exponents {
			x := T(math.Ldexp(c.X, exponent))
			op, coef := s.fresh(s.span()), rows.Lasting[T](s.row)
			for j, o := range s.row.Operands {
				v := T(0)
				if o.NonNegative {
					v = x
				}
				for i := range op[j].([]T) {
					op[j].([]T)[i] = v
				}
			}
			fields := reflect.ValueOf(coef).Elem()
			fields.FieldByName("Eps").SetFloat(-math.Sqrt(float64(x)))
			if f := fields.FieldByName("Unbias"); f.IsValid() {
				f.SetFloat(1)
			}
			if err := s.run(coef, op, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// exponents are arguments around the borders of exponentials, where the multiple of ln 2 and what is split off the
// argument change, and any bits.
func (s *set[T]) exponents() error {
	borders := exponents()
	for range 40 {
		op := s.fresh(1000)
		x := op[0].([]T)
		for i := range x {
			nudge := float64(float64(s.r.IntN(5)-2) * 0x1p-52)
			switch v := 0.; s.r.IntN(6) {
			case 0:
				x[i] = T(borders[s.r.IntN(len(borders))])
			case 1: // near a change of the multiple of ln 2
				v = float64(s.r.IntN(2101)-1076) + .5
				x[i] = T(v * math.Ln2 * (1 + nudge))
			case 2: // near a change of what is split off
				v = float64(s.r.IntN(1<<24)-1<<23) + .5
				x[i] = T(v * 0x1p-25 * (1 + nudge))
			case 3:
				x[i] = T(math.Float64frombits(s.r.Uint64()))
			case 4: // what a softmax has
				x[i] = T(-20 * s.r.Float64())
			default:
				x[i] = T(-750 + float64(1465*s.r.Float64()))
			}
		}
		if err := s.run(nil, op, 0); err != nil {
			return err
		}
	}
	return nil
}

// long are lengths around a call of assembly, of more than one chunk of a reduction, and of several threads.
func (s *set[T]) long() error {
	const chunk, shared = 16384, 1 << 20 // elements of most calls of assembly; bytes that are shared
	for _, n := range []int{1000, 4097, chunk - 1, chunk + 1} {
		coef, op := s.drawn(n)
		if err := s.run(coef, op, 0); err != nil {
			return err
		}
	}
	n := max(3*chunk+5, shared/s.row.Traffic(int(unsafe.Sizeof(T(0))))+77)
	if s.row.Kind == table.Reduction {
		n = 7*kernels.ReduceChunk + 5 // of which 4, 2 and 1 run at a time, and a tail
	}
	coef, op := s.drawn(n)
	for threads := 1; threads <= 3; threads++ {
		if err := s.run(coef, op, threads); err != nil {
			return err
		}
	}
	return nil
}

// several are steps of several tensors: of all lengths to three lines, of some that are too large to run together, and
// of so many that threads share them.
func (s *set[T]) several() error {
	var short []int
	for n := range 3*kernels.Lanes[T]() + 2 {
		short = append(short, n)
	}
	many := make([]int, 400)
	for i := range many {
		many[i] = []int{100, 1000, 0, 333}[i%4]
	}
	for _, c := range []struct {
		threads int
		lengths []int
	}{{1, short}, {1, nil}, {1, []int{0}}, {1, []int{7, 5000, 0, 4096, 4097, 3}}, {1, many[:40]}, {2, many},
		{3, []int{5, 40_000, 7, 4097, 3}}} {
		for range 2 { // uses of a prelude
			var op [][]any
			for _, n := range c.lengths {
				tensor := rows.New[T](s.row, n)
				s.fill(tensor)
				op = append(op, tensor)
			}
			coef := rows.NewCoef[T](s.row)
			edge.FillCoef[T](s.r, coef, 7*s.use()%kernels.Uses)
			if err := s.each(s.row, s.number, coef, op, c.threads); err != nil {
				return err
			}
			s.number++
		}
	}
	return nil
}
