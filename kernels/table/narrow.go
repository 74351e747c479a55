package table

// Block is how many elements of a tensor share a scale in [Block8], from the tensor's start on.
const Block = 32

// A Form says where the operands of a Step lie that has assembly for it: x and g in one storage, and all others,
// its states, in another. Each form is made of each row; none is written by hand.
type Form struct {
	Name      string
	X, States Storage
}

// Forms lists them. A row without states has no form of narrow states.
var Forms = []Form{
	{"BF16States", Element, BFloat16},
	{"BF16", BFloat16, BFloat16},
	{"Block8States", Element, Block8},
}

// In returns a Step's row with its operands stored in a form, and whether there is one. Forms differ from the row in
// the operands' storage alone: its lines are the program of all of them.
func (r Row) In(f Form) (Row, bool) {
	if r.Kind != Step || f.X == Element && len(r.Operands) == 2 {
		return r, false
	}
	ops := append([]Operand(nil), r.Operands...)
	for i, o := range ops {
		ops[i].Storage = f.Of(o)
	}
	r.Operands = ops
	return r, true
}

// Of is how the form stores an operand of a Step.
func (f Form) Of(o Operand) Storage {
	if o.Name == "x" || o.Name == "g" {
		return f.X
	}
	return f.States
}

// A Conversion is a Map, dst = src, between float32 and a narrow storage.
type Conversion struct {
	Function string // of package kernels, which is the row's name too but for the two codes of blocks
	Row
}

// Conversions lists them. A sum of small steps is what rounding to bfloat16 stochastically is for: so dst is slow.
var Conversions = []Conversion{
	conversion("ToBFloat16", "", "dst:bf16~- src"),
	conversion("FromBFloat16", "", "dst- src:bf16"),
	conversion("ToFloat16", "", "dst:f16- src"),
	conversion("FromFloat16", "", "dst- src:f16"),
	conversion("EncodeBlocks", "E4M3", "dst:b8- src"),
	conversion("EncodeBlocks", "E5M3", "dst:b8≥- src"),
	conversion("DecodeBlocks", "E4M3", "dst- src:b8"),
	conversion("DecodeBlocks", "E5M3", "dst- src:b8≥"),
}

func conversion(function, code, ops string) Conversion {
	return Conversion{function, vector(function+code, ops, "", "dst = src")}
}

// Stochastic reports whether a store to the operand in some storage rounds stochastically, unless the caller wants all
// to nearest. A step of bfloat16 parameters may be less than half of their last digit, 2^-9 to 2^-8 of them, and so may
// what a mean of squares, which is never negative, loses in a step, and what an operand that is Slow moves: to nearest,
// they would not move. A mean with beta stays away by up to 2^-8/(1-beta) of itself: 4% for .9.
func (o Operand) Stochastic(s Storage) bool {
	switch s {
	case BFloat16:
		return o.Write && (o.Name == "x" || o.NonNegative || o.Slow)
	case Block8:
		return o.Write
	}
	return false
}
