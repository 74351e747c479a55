package table

import "strings"

// The table's shorthand.

// operands reads names with their marks: NAME[:STORAGE][≥][~][+|-]. + is read and written, - only written, neither
// only read; ≥ is never negative; ~ is slow; u8 is stored as bytes.
func operands(s string) []Operand {
	var ops []Operand
	for _, f := range strings.Fields(s) {
		o := Operand{Read: !strings.HasSuffix(f, "-"), Write: strings.HasSuffix(f, "-") || strings.HasSuffix(f, "+")}
		f = strings.TrimRight(f, "+-")
		f, o.Slow = strings.CutSuffix(f, "~")
		f, o.NonNegative = strings.CutSuffix(f, "≥")
		name, storage, _ := strings.Cut(f, ":")
		s, ok := storages[storage]
		if !ok {
			panic("kernels/table: operand " + name + ": no storage " + storage)
		}
		o.Name, o.Storage = name, s
		ops = append(ops, o)
	}
	return ops
}

var storages = map[string]Storage{"": Element, "u8": Byte}

func step(name, ops, scalars string, lines ...string) Row {
	return Row{name, Step, operands(ops), strings.Fields(scalars), lines}
}

func vector(name, ops, scalars string, lines ...string) Row {
	return Row{name, Map, operands(ops), strings.Fields(scalars), lines}
}

func reduction(name, ops string, lines ...string) Row {
	return Row{name, Reduction, operands(ops), nil, lines}
}

// Size is how many bytes an element of the operand takes in a call for elements of elem bytes.
func (s Storage) Size(elem int) int {
	switch s {
	case Byte, Block8: // whose scales are 1/32 more
		return 1
	case BFloat16:
		return 2
	}
	return elem
}

// Converts reports whether an operand is stored in another type than the element's.
func (r Row) Converts() bool {
	for _, o := range r.Operands {
		if o.Storage != Element {
			return true
		}
	}
	return false
}

// Traffic is how many bytes a call moves per element of elem bytes: what it reads and what it writes.
func (r Row) Traffic(elem int) int {
	bytes := 0
	for _, o := range r.Operands {
		if o.Read {
			bytes += o.Storage.Size(elem)
		}
		if o.Write {
			bytes += o.Storage.Size(elem)
		}
	}
	return bytes
}

// Pattern spells the streams of a call for elements of elem bytes, a letter an operand: R read, W written, U
// both; Q and O are read, and move a quarter and an eighth of what the others do.
func (r Row) Pattern(elem int) string {
	var p []byte
	for _, o := range r.Operands {
		size, kind := o.Storage.Size(elem), byte('R')
		switch {
		case o.Read && o.Write:
			kind = 'U'
		case o.Write:
			kind = 'W'
		}
		switch {
		case size == elem:
		case kind == 'R' && 4*size == elem:
			kind = 'Q'
		case kind == 'R' && 8*size == elem:
			kind = 'O'
		default:
			panic(r.Name + ": no letter for the storage of " + o.Name)
		}
		p = append(p, kind)
	}
	return string(p)
}
