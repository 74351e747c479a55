package golden

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// A conversion is a kernel between float32 and a narrow storage, by its definition and on an engine.
type conversion struct {
	name, form string
	nearest    []bool // the roundings that there are
	define     func(wide []float32, narrow []uint16, r kernels.Rounding)
	call       func(e bitstep.Narrow, wide []float32, narrow []uint16, r kernels.Rounding)
}

// Storage of 16 bits is a []uint16 here, whatever its type; blocks are a code in each, whose scales follow.
func of16[E ~uint16](s []uint16) []E {
	t := make([]E, len(s))
	for i := range s {
		t[i] = E(s[i])
	}
	return t
}

func put16[E ~uint16](dst []uint16, src []E) {
	for i := range src {
		dst[i] = uint16(src[i])
	}
}

func blocksOf(s []uint16, n int) (b kernels.Blocks8) {
	b = kernels.Blocks8{Codes: make([]uint8, n), Scales: make([]uint8, kernels.Scales(n))}
	for i := range b.Codes {
		b.Codes[i] = uint8(s[i])
	}
	for i := range b.Scales {
		b.Scales[i] = uint8(s[n+i])
	}
	return b
}

func putBlocks(s []uint16, b kernels.Blocks8) {
	for i, v := range append(append([]uint8(nil), b.Codes...), b.Scales...) {
		s[i] = uint16(v)
	}
}

// conversions lists them all.
func conversions() []*conversion {
	both, one := []bool{false, true}, []bool{true}
	type rounding = kernels.Rounding
	all := []*conversion{
		{"ToBFloat16", "BFloat16", both,
			func(w []float32, n []uint16, r rounding) {
				d := make([]kernels.BFloat16, len(w))
				kernels.ToBFloat16(d, w, r)
				put16(n, d)
			},
			func(e bitstep.Narrow, w []float32, n []uint16, r rounding) {
				d := make([]kernels.BFloat16, len(w))
				e.ToBFloat16(d, w, r)
				put16(n, d)
			}},
		{"FromBFloat16", "BFloat16", one,
			func(w []float32, n []uint16, _ rounding) { kernels.FromBFloat16(w, of16[kernels.BFloat16](n[:len(w)])) },
			func(e bitstep.Narrow, w []float32, n []uint16, _ rounding) {
				e.FromBFloat16(w, of16[kernels.BFloat16](n[:len(w)]))
			}},
		{"ToFloat16", "Float16", one,
			func(w []float32, n []uint16, _ rounding) {
				d := make([]kernels.Float16, len(w))
				kernels.ToFloat16(d, w)
				put16(n, d)
			},
			func(e bitstep.Narrow, w []float32, n []uint16, _ rounding) {
				d := make([]kernels.Float16, len(w))
				e.ToFloat16(d, w)
				put16(n, d)
			}},
		{"FromFloat16", "Float16", one,
			func(w []float32, n []uint16, _ rounding) { kernels.FromFloat16(w, of16[kernels.Float16](n[:len(w)])) },
			func(e bitstep.Narrow, w []float32, n []uint16, _ rounding) {
				e.FromFloat16(w, of16[kernels.Float16](n[:len(w)]))
			}},
	}
	for _, signed := range []bool{true, false} {
		form := "E5M3"
		if signed {
			form = "E4M3"
		}
		all = append(all, &conversion{"EncodeBlocks", form, both,
			func(w []float32, n []uint16, r rounding) {
				b := blocksOf(n, len(w))
				kernels.EncodeBlocks(b, w, signed, r)
				putBlocks(n, b)
			},
			func(e bitstep.Narrow, w []float32, n []uint16, r rounding) {
				b := blocksOf(n, len(w))
				e.EncodeBlocks(b, w, signed, r)
				putBlocks(n, b)
			}},
			&conversion{"DecodeBlocks", form, one,
				func(w []float32, n []uint16, _ rounding) { kernels.DecodeBlocks(w, blocksOf(n, len(w)), signed) },
				func(e bitstep.Narrow, w []float32, n []uint16, _ rounding) {
					e.DecodeBlocks(w, blocksOf(n, len(w)), signed)
				}})
	}
	return all
}

// storedCases are steps in each form, and conversions. Rounding to nearest differs from the other in little.
func storedCases() (cases []Case) {
	for _, f := range table.Forms {
		for _, row := range table.Rows {
			if row, ok := row.In(f); ok {
				for _, n := range []int{1, 67, 1000} {
					cases = append(cases, Case{Kernel: row.Name, Form: f.Name, Row: row, N: n})
				}
				cases = append(cases, Case{Kernel: row.Name, Form: f.Name, Row: row, N: 67, Nearest: true})
			}
		}
	}
	for _, c := range conversions() {
		for _, nearest := range c.nearest {
			for _, n := range []int{1, 67, 1000} {
				cases = append(cases, Case{Kernel: c.name, Form: c.form, N: n, Nearest: nearest, conversion: c})
			}
		}
	}
	return cases
}

// hashStored runs a case on an engine, or by its definition, and hashes all operands.
func hashStored(c Case, e *bitstep.Narrow) string {
	r, h := c.rand(), sha256.New()
	rounding := func() kernels.Rounding {
		return kernels.Rounding{Nearest: c.Nearest, Seed: r.Uint64(), Step: uint64(r.IntN(1000)),
			Stream: uint64(r.IntN(1000)), Base: 32 * (1<<27 - uint64(r.IntN(4)))} // the index passes 2^32
	}
	if c.conversion != nil {
		wide, narrow := make([]float32, c.N), make([]uint16, c.N+kernels.Scales(c.N))
		edge.Fill(r, wide)
		for i := range narrow {
			narrow[i] = uint16(r.Uint64())
		}
		if e == nil {
			c.conversion.define(wide, narrow, rounding())
		} else {
			c.conversion.call(*e, wide, narrow, rounding())
		}
		write(h, wide)
		binary.Write(h, binary.LittleEndian, narrow)
		return hex.EncodeToString(h.Sum(nil))
	}
	for use := range kernels.Uses {
		op := rows.NewStored(c.Row, c.N)
		rows.FillStored(r, c.Row, op)
		coef := rows.NewCoef[float32](c.Row)
		edge.FillCoef[float32](r, coef, use)
		if e == nil {
			kernels.StoredStep(op, coef, rounding())
		} else {
			rows.CallStored(*e, c.Row, coef, op, rounding())
		}
		for _, s := range op {
			writeStored(h, s)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// writeStored hashes the lengths and the bits of an operand. Every NaN of bfloat16 that is stored is the same.
func writeStored(h hash.Hash, s kernels.Stored) {
	switch s.Storage() {
	case table.Element:
		write(h, s.Float32)
	case table.BFloat16:
		binary.Write(h, binary.LittleEndian, uint64(len(s.BFloat16)))
		binary.Write(h, binary.LittleEndian, s.BFloat16)
	case table.Block8:
		binary.Write(h, binary.LittleEndian, uint64(len(s.Block8.Codes)))
		h.Write(s.Block8.Codes)
		h.Write(s.Block8.Scales)
	}
}
