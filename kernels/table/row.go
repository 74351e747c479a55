package table

import "strings"

// The table's shorthand.

// operands reads names with their marks: NAME[:STORAGE][≥][~][+|-]. + is read and written, - only written, neither
// only read; ≥ is never negative; ~ is slow; u8 is stored as bytes, b8 in blocks of them, and bf16 and f16 in 16 bits.
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

var storages = map[string]Storage{"": Element, "u8": Byte, "bf16": BFloat16, "f16": Float16, "b8": Block8}

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
	case BFloat16, Float16:
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

// narrower are the letters of streams that are read or written and move a half, a quarter or an eighth of what the
// others do.
var narrower = map[byte]map[int]byte{'R': {2: 'H', 4: 'Q', 8: 'O'}, 'W': {2: 'h', 4: 'q'}}

// Pattern spells the streams of a call for elements of elem bytes, a letter an operand: R read, W written, U
// both; H, Q and O are read, and move a half, a quarter and an eighth of what the others do; so are h and q written.
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
		if size != elem {
			letter, ok := narrower[kind][elem/size]
			if !ok {
				panic(r.Name + ": no letter for the storage of " + o.Name)
			}
			kind = letter
		}
		p = append(p, kind)
	}
	return string(p)
}
