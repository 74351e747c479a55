package kernels

import "github.com/bitstep-go/bitstep/kernels/table"

// A Stored is the memory of an operand: one of its fields has the numbers, and says how they are stored.
type Stored struct {
	Float32  []float32
	BFloat16 []BFloat16
	Block8   Blocks8 // E5M3 of an operand that is never negative by the table, else E4M3
}

// Len is how many numbers there are.
func (s Stored) Len() int { return max(len(s.Float32), len(s.BFloat16), len(s.Block8.Codes)) }

// Storage is how they are stored. None at all are float32.
func (s Stored) Storage() table.Storage {
	switch {
	case s.BFloat16 != nil:
		return table.BFloat16
	case s.Block8.Codes != nil:
		return table.Block8
	}
	return table.Element
}

// load widens the numbers from lo on, which begin a block.
func (s Stored) load(dst []float32, lo int, o table.Operand) {
	for i := range dst {
		switch s.Storage() {
		case table.Element:
			dst[i] = s.Float32[lo+i]
		case table.BFloat16:
			dst[i] = s.BFloat16[lo+i].Float32()
		case table.Block8:
			dst[i] = codeOf(!o.NonNegative).decode(s.Block8.Codes[lo+i], s.Block8.Scales[lo/Block])
		}
	}
}

// store rounds the numbers from lo on, which begin a block, by random bits or for nil to nearest.
func (s Stored) store(src []float32, lo int, o table.Operand, random *source) {
	switch s.Storage() {
	case table.Element:
		copy(s.Float32[lo:], src)
	case table.BFloat16:
		storeBFloat16(s.BFloat16[lo:], src, lo, random)
	case table.Block8:
		s.Block8.store(src, lo, codeOf(!o.NonNegative), random)
	}
}

// StoredStep is the definition of a step whose operands, in the order of its row, are stored in any way each, whatever
// the step: it is the one whose scalars c points at, such as *AdamCoef[float32]. Its operands are widened to float32,
// its definition in float32 runs, Prelude and all, and then what it has written is rounded (rules 14 to 16). No line
// reads a rounded number.
func StoredStep(op []Stored, c any, r Rounding) {
	row := &table.Rows[rowOf(c)]
	var sources [maxStepOperands]source
	var random [maxStepOperands]*source // of those that round stochastically
	j := 0
	for i, o := range row.Operands {
		if o.Stochastic(op[i].Storage()) {
			if !r.Nearest {
				sources[i] = r.source(j)
				random[i] = &sources[i]
			}
			j++
		}
	}
	var memory [maxStepOperands][Block]float32
	var s [maxStepOperands][]float32
	for lo, n := 0, op[0].Len(); lo < n; lo += Block {
		for i, o := range row.Operands {
			s[i] = memory[i][:min(Block, n-lo)]
			op[i].load(s[i], lo, o)
		}
		runStep(c, &s)
		for i, o := range row.Operands {
			if o.Write {
				op[i].store(s[i], lo, o, random[i])
			}
		}
	}
}
