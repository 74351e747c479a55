package kernels

import "strings"

// operands reads the table's shorthand: a name followed by + is read and written, by - only written.
func operands(s string) []Operand {
	var ops []Operand
	for _, f := range strings.Fields(s) {
		name := strings.TrimRight(f, "+-")
		ops = append(ops, Operand{name, !strings.HasSuffix(f, "-"), name != f})
	}
	return ops
}

func step(name, ops, scalars string, lines ...string) Row {
	return Row{name, Step, operands(ops), name + "Coef", strings.Fields(scalars), lines}
}

func vector(name, ops, scalars string, lines ...string) Row {
	return Row{name, Map, operands(ops), "", strings.Fields(scalars), lines}
}

func reduction(name, ops string, lines ...string) Row {
	return Row{name, Reduction, operands(ops), "", nil, lines}
}

// Streams counts the slices that one call reads and writes: its traffic per element.
func (r Row) Streams() (reads, writes int) {
	for _, o := range r.Operands {
		if o.Read {
			reads++
		}
		if o.Write {
			writes++
		}
	}
	return reads, writes
}

// Pattern spells the row's streams, a letter an operand: R read, W written, U both.
func (r Row) Pattern() string {
	var p []byte
	for _, o := range r.Operands {
		switch {
		case o.Read && o.Write:
			p = append(p, 'U')
		case o.Write:
			p = append(p, 'W')
		default:
			p = append(p, 'R')
		}
	}
	return string(p)
}
