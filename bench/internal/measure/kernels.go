package measure

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/ceiling"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/internal/traffic"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// slow is the share of its ceiling in L2 below which arithmetic bounds a kernel anywhere: a call would take seconds.
const slow = .01

func (r *run) kernels() error {
	for _, typ := range r.Types {
		measure, size := measureKernel[float32], 4
		if typ == "float64" {
			measure, size = measureKernel[float64], 8
		}
		for _, b := range r.Backends {
			if err := r.kernelsOf(typ, size, func(row table.Row, l ceiling.Level, threads int) (float64, error) {
				return measure(r, typ, b, row, l, threads)
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// kernelsOf has the rows of a type measured, whose elements have that size. measure returns the share of the ceiling.
func (r *run) kernelsOf(typ string, size int, measure func(table.Row, ceiling.Level, int) (float64, error)) error {
	patterns := map[string]bool{} // that have been measured beyond L2 on several threads
	for _, row := range table.Rows {
		if !slices.Contains(r.Kernels, row.Name) {
			continue
		}
		pattern, share, beyond := row.Pattern(size), 1., false // of the ceiling, last
		for _, l := range r.Levels {
			brief := r.Brief && l.Bytes > r.Machine.L2
			if brief && (typ != r.Types[0] || share < slow) {
				continue
			}
			for _, threads := range r.Threads {
				if brief && threads > 1 && patterns[pattern] {
					continue
				}
				var err error
				if share, err = measure(row, l, threads); err != nil {
					return err
				}
				beyond = beyond || brief && threads > 1
			}
		}
		patterns[pattern] = patterns[pattern] || beyond
	}
	return nil
}

// measureKernel measures and reports a row, and returns its share of the ceiling.
func measureKernel[T kernels.Float](r *run, typ string, b bitstep.Backend, row table.Row, l ceiling.Level,
	threads int) (share float64, err error) {
	size := int(unsafe.Sizeof(T(0)))
	var sizes []int
	for _, o := range row.Operands {
		sizes = append(sizes, o.Storage.Size(size))
	}
	n := ceiling.Elements(l.Bytes, sizes...)
	memory := r.arena.Cut(n, sizes...)
	op := operands[T](row, memory)
	e := bitstep.On[T](b).Threads(threads)

	out := record.Row{Group: record.Kernel, Name: row.Name, Type: typ, Backend: b.String(), Threads: threads,
		Level: l.Name, Bytes: l.Bytes, N: n, BytesPerElement: float64(row.Traffic(size)), FLOPs: flops(row)}
	hash, mistake := check(e, row, op)
	out.Hash, out.Checked = hash, mistake == nil

	fill[T](row, op)
	coef := lasting[T](row)
	call := func(e bitstep.Engine[T], op []any) func() {
		if program.Must(row).Count(program.Exp) > 0 { // x would soon be infinite, whose exponential takes no time
			x := op[0].([]T)
			return func() { e.Clip(x, -1, 1); rows.Call(e, row, coef, op) }
		}
		return func() { rows.Call(e, row, coef, op) }
	}
	t := timed{row: out, call: call(e, op)}
	pattern, f := row.Pattern(size), fastest(b)
	streams, passes := ceiling.Streams(f, pattern, memory, threads)
	t.bounds = append(t.bounds, bound{ceiling.Name(pattern), streams, float64(passes)})
	for _, b := range []bound{divider[T](f, row, n/threads), lanes[T](f, row, n)} {
		if b.call != nil {
			t.bounds = append(t.bounds, b)
		}
	}
	if threads > 1 {
		t.alone = call(e.Threads(1), op)
	} else if b != bitstep.Go {
		// Of what comes from memory a part is enough: a call takes a second else.
		pure, part := bitstep.On[T](bitstep.Go).Threads(1), n
		if l.Bytes > 64<<20 {
			part = n / 16
		}
		head := make([]any, len(op))
		for i := range op {
			switch s := op[i].(type) {
			case []T:
				head[i] = s[:part]
			case []uint8:
				head[i] = s[:part]
			}
		}
		t.pure, t.part = call(pure, head), float64(part)/float64(n)
	}
	if out, err = r.time(t); err != nil {
		return 0, err
	}
	out.NsPerElement = out.Median / float64(n)
	out.GBs, out.GFLOPs = out.BytesPerElement/out.NsPerElement, out.FLOPs/out.NsPerElement
	r.report(out)
	return out.Share, mistake
}

// divider is the bound of a kernel that divides: as many divisions as it has, of its roots none, since these can be
// made of multiplications. Its call takes a part of the work, not to last for long.
func divider[T kernels.Float](b bitstep.Backend, row table.Row, n int) bound {
	divisions := program.Must(row).Count(program.Div) * n
	per := traffic.Rate[T](b, traffic.Div, 1)
	if divisions == 0 || per == 0 {
		return bound{}
	}
	whole := max(1, int(float64(divisions)/per))
	turns := min(whole, 100000)
	return bound{"divide", func() { traffic.Rate[T](b, traffic.Div, turns) }, float64(turns) * per / float64(divisions)}
}

// lanes is the bound of a reduction of one chunk: rule 7 has it add one line to the lanes after the other.
func lanes[T kernels.Float](b bitstep.Backend, row table.Row, n int) bound {
	op := traffic.Add
	switch p := program.Must(row); {
	case row.Kind != table.Reduction || n > kernels.ReduceChunk:
		return bound{}
	case p.Count(program.FMA) > 0:
		op = traffic.FMA
	case p.Count(program.Add) == 0: // a maximum, in any order
		return bound{}
	}
	lines := n * int(unsafe.Sizeof(T(0))) / 64
	per := traffic.Chain[T](b, op, 1)
	if per == 0 {
		return bound{}
	}
	turns := max(1, int(float64(lines)/per))
	return bound{op.String() + " latency", func() { traffic.Chain[T](b, op, turns) },
		float64(turns) * per / float64(lines)}
}

// flops is the arithmetic of an element: additions, multiplications, divisions, roots, and an fma as two of them.
func flops(row table.Row) float64 {
	p := program.Must(row)
	n := 2 * p.Count(program.FMA)
	for _, op := range []program.Op{program.Add, program.Sub, program.Mul, program.Div, program.Sqrt} {
		n += p.Count(op)
	}
	return float64(n)
}

// operands are views of memory as a call takes them.
func operands[T kernels.Float](row table.Row, memory [][]byte) (op []any) {
	for i, o := range row.Operands {
		if m := memory[i]; o.Storage == table.Byte {
			op = append(op, m)
		} else {
			op = append(op, unsafe.Slice((*T)(unsafe.Pointer(&m[0])), len(m)/int(unsafe.Sizeof(T(0)))))
		}
	}
	return op
}

// period is after how many elements operands repeat: prime, so that no vector and no chunk repeats with them, and what
// is in a wrong place shows.
const period = 4093

// fill gives operands ordinary values that repeat: magnitudes from 1/4 to 1/2, or from 1 to 2 where there are no
// negative ones, so that variances are larger than squares of means.
func fill[T kernels.Float](row table.Row, op []any) {
	for i, o := range row.Operands {
		repeat := func(n int, set func(i int, x float64), double func(have int) int) {
			for j := range min(n, period) {
				x := 1 + float64((j*2011+i*977)%period)/period
				if !o.NonNegative {
					x /= 4
					if j*j%7 > 2 {
						x = -x
					}
				}
				set(j, x)
			}
			for have := min(n, period); have < n; {
				have += double(have)
			}
		}
		switch s := op[i].(type) {
		case []T:
			repeat(len(s), func(j int, x float64) { s[j] = T(x) },
				func(have int) int { return copy(s[have:], s[:have]) })
		case []uint8:
			repeat(len(s), func(j int, x float64) { s[j] = uint8(int(1024 * x)) },
				func(have int) int { return copy(s[have:], s[:have]) })
		}
	}
}

// check calls a kernel once on operands that repeat, and returns the hash of what it writes or returns, and whether it
// is not what the definition does: on one period, since elements depend on nothing else, and on all for a reduction.
func check[T kernels.Float](e bitstep.Engine[T], row table.Row, op []any) (hash string, mistake error) {
	fill[T](row, op)
	n, coef := length[T](op[0]), rows.Sample[T](row)
	short := make([]any, len(op))
	for i := range op {
		switch s := op[i].(type) {
		case []T:
			short[i] = slices.Clone(s[:min(n, period)])
		case []uint8:
			short[i] = slices.Clone(s[:min(n, period)])
		}
	}
	got := rows.Call(e, row, coef, op)
	h := sha256.New()
	if row.Kind == table.Reduction {
		h.Write(bits(nil, got))
		if want := rows.Define[T](row, coef, op); math.Float64bits(float64(got)) != math.Float64bits(float64(want)) {
			mistake = wrong("%s %T on %v, %d elements: %x, the definition gives %x", row.Name, got, e.Backend(), n, got,
				want)
		}
	} else {
		rows.Define[T](row, coef, short)
	}
	for i, o := range row.Operands {
		if o.Write {
			for _, x := range short[i].([]T) {
				h.Write(bits(nil, x))
			}
		}
		if j, g, w := differ[T](op[i], short[i]); j >= 0 && mistake == nil {
			mistake = wrong("%s %T on %v, %d elements: %s[%d] = %x, the definition gives %x", row.Name, got,
				e.Backend(), n, o.Name, j, g, w)
		}
	}
	if mistake != nil {
		return "", mistake
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// differ returns the first index at which an operand is not what repeats, and both values, or -1.
func differ[T kernels.Float](got, want any) (i int, g, w any) {
	n := length[T](want)
	for at := 0; at < length[T](got); at += n {
		end := min(at+n, length[T](got))
		var a, b any
		switch s := got.(type) {
		case []T:
			have, want := s[at:end], want.([]T)[:end-at]
			if bytes.Equal(raw(have), raw(want)) { // is fast, and NaN is the same to Differ
				continue
			}
			a, b = have, want
		case []uint8:
			a, b = s[at:end], want.([]uint8)[:end-at]
		}
		if i, g, w := rows.Differ[T](a, b); i >= 0 {
			return at + i, g, w
		}
	}
	return -1, nil, nil
}

// raw is the memory of s.
func raw[T kernels.Float](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(T(0))))
}

func length[T kernels.Float](op any) int {
	if s, ok := op.([]T); ok {
		return len(s)
	}
	return len(op.([]uint8))
}

// bits appends a number as contract's rule 12 has it.
func bits[T kernels.Float](b []byte, x T) []byte {
	switch x := any(x).(type) {
	case float32:
		if x != x {
			return binary.LittleEndian.AppendUint32(b, 0x7fc00000)
		}
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	case float64:
		if x != x {
			return binary.LittleEndian.AppendUint64(b, 0x7ff8000000000000)
		}
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	panic("measure: no float type")
}

// lasting returns coefficients that keep values of ordinary size call after call: zeros for what would grow or vanish.
func lasting[T kernels.Float](row table.Row) any {
	if row.Kind == table.Step {
		return rows.Lasting[T](row)
	}
	return rows.NewCoef[T](row)
}
