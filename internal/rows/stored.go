package rows

import (
	"math/rand/v2"
	"slices"

	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// NewStored returns operands of n elements, all zero, in the storage that each operand of a row has. A Float16 lies as
// a BFloat16 does.
func NewStored(row table.Row, n int) (op []kernels.Stored) {
	for _, o := range row.Operands {
		var s kernels.Stored
		switch o.Storage {
		case table.BFloat16, table.Float16:
			s.BFloat16 = make([]kernels.BFloat16, n)
		case table.Block8:
			s.Block8 = kernels.Blocks8{Codes: make([]uint8, n), Scales: make([]uint8, kernels.Scales(n))}
		default:
			s.Float32 = make([]float32, n)
		}
		op = append(op, s)
	}
	return op
}

// FillStored fills operands: with edge values where they are numbers of a float's format, in one call of two finite
// ones; operands that are never negative with numbers that are not, in one of two. Blocks are of ordinary size, with
// now and then a scale of any size.
func FillStored(r *rand.Rand, row table.Row, op []kernels.Stored) {
	for i, o := range row.Operands {
		wide := make([]float32, op[i].Len())
		edge.Fill(r, wide)
		if o.NonNegative && r.IntN(2) == 0 {
			for j := range wide {
				wide[j] = max(wide[j], -wide[j])
			}
		}
		switch s := op[i]; o.Storage {
		case table.BFloat16:
			for j := range wide {
				s.BFloat16[j] = kernels.NearestBFloat16(wide[j])
				if r.IntN(64) == 0 {
					s.BFloat16[j] = kernels.BFloat16(r.Uint64())
				}
			}
		case table.Float16:
			for j := range wide {
				s.BFloat16[j] = kernels.BFloat16(kernels.NearestFloat16(wide[j]))
				if r.IntN(2) == 0 {
					s.BFloat16[j] = kernels.BFloat16(r.Uint64())
				}
			}
		case table.Block8:
			edge.FillBytes(r, s.Block8.Codes)
			for j := range s.Block8.Scales {
				s.Block8.Scales[j] = uint8(120 + r.IntN(12))
				if r.IntN(6) == 0 {
					s.Block8.Scales[j] = uint8(r.Uint64())
				}
			}
		default:
			copy(s.Float32, wide)
		}
	}
}

// CloneStored copies operands.
func CloneStored(op []kernels.Stored) (all []kernels.Stored) {
	for _, s := range op {
		all = append(all, kernels.Stored{Float32: slices.Clone(s.Float32), BFloat16: slices.Clone(s.BFloat16),
			Block8: kernels.Blocks8{Codes: slices.Clone(s.Block8.Codes), Scales: slices.Clone(s.Block8.Scales)}})
	}
	return all
}

// DifferStored returns the first index at which two operands are not the same, and what they have there, or -1: after
// the codes of blocks come their scales.
func DifferStored(got, want kernels.Stored) (i int, g, w any) {
	switch want.Storage() {
	case table.BFloat16:
		for i := range want.BFloat16 {
			if got.BFloat16[i] != want.BFloat16[i] {
				return i, got.BFloat16[i], want.BFloat16[i]
			}
		}
	case table.Block8:
		if i, g, w := Differ[float32](got.Block8.Codes, want.Block8.Codes); i >= 0 {
			return i, g, w
		}
		if i, g, w := Differ[float32](got.Block8.Scales, want.Block8.Scales); i >= 0 {
			return len(got.Block8.Codes) + i, g, w
		}
	default:
		return Differ[float32](got.Float32, want.Float32)
	}
	return -1, nil, nil
}
