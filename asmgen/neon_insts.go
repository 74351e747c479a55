package main

import "fmt"

// arm64's vector instructions that Go's assembler lacks. A row gives the mnemonic and the word for
// .4S with all registers 0; .2D sets bit 22. Both the WORD and its comment come from the row.
type encoded struct {
	mnemonic string
	base     uint32
	unary    bool // no second source
}

var (
	fadd   = encoded{"fadd", 0x4e20d400, false}
	fsub   = encoded{"fsub", 0x4ea0d400, false}
	fmul   = encoded{"fmul", 0x6e20dc00, false}
	fdiv   = encoded{"fdiv", 0x6e20fc00, false}
	fmax   = encoded{"fmax", 0x4e20f400, false}
	fmin   = encoded{"fmin", 0x4ea0f400, false}
	fcmge  = encoded{"fcmge", 0x6e20e400, false}
	fcmgt  = encoded{"fcmgt", 0x6ea0e400, false}
	fcmeq  = encoded{"fcmeq", 0x4e20e400, false}
	fsqrt  = encoded{"fsqrt", 0x6ea1f800, true}
	fabs   = encoded{"fabs", 0x4ea0f800, true}
	frintn = encoded{"frintn", 0x4e218800, true}
	ucvtf  = encoded{"ucvtf", 0x6e21d800, true}

	frsqrte = encoded{"frsqrte", 0x6ea1d800, true}
	frsqrts = encoded{"frsqrts", 0x4ea0fc00, false}
)

var encodedInstructions = []encoded{fadd, fsub, fmul, fdiv, fmax, fmin, fcmge, fcmgt, fcmeq, fsqrt, fabs, frintn,
	ucvtf, frsqrte, frsqrts}

// word returns the instruction for registers d, n, m, with its comment.
func (e encoded) word(elem, d, n, m int) (word uint32, comment string) {
	word, shape := e.base, "4s"
	if elem == 8 {
		word, shape = word|1<<22, "2d"
	}
	word |= uint32(n)<<5 | uint32(d)
	comment = fmt.Sprintf("%s v%d.%s, v%d.%s", e.mnemonic, d, shape, n, shape)
	if !e.unary {
		word |= uint32(m) << 16
		comment += fmt.Sprintf(", v%d.%s", m, shape)
	}
	return word, comment
}

// fmlaElement is fmla of vd by vn and lane 0 of vm.
func fmlaElement(elem, d, n, m int) (word uint32, comment string) {
	word, shape, lane := uint32(0x4f801000), "4s", "s"
	if elem == 8 {
		word, shape, lane = word|1<<22, "2d", "d"
	}
	word |= uint32(m)<<16 | uint32(n)<<5 | uint32(d)
	return word, fmt.Sprintf("fmla v%d.%s, v%d.%s, v%d.%s[0]", d, shape, n, shape, m, lane)
}

// uminpWords is uminp of 32-bit words: the smaller of neighbours in vn, and in vm.
func uminpWords(d, n, m int) (word uint32, comment string) {
	return 0x6ea0ac00 | uint32(m)<<16 | uint32(n)<<5 | uint32(d), fmt.Sprintf("uminp v%d.4s, v%d.4s, v%d.4s", d, n, m)
}

// A wordInstruction is one of vectors of 32-bit words alone.
type wordInstruction struct {
	mnemonic string
	base     uint32
}

var (
	mulInt = wordInstruction{"mul", 0x4ea09c00}
	smax   = wordInstruction{"smax", 0x4ea06400}
	smin   = wordInstruction{"smin", 0x4ea06c00}
	cmtst  = wordInstruction{"cmtst", 0x4ea08c00}
)

var wordInstructions = []wordInstruction{mulInt, smax, smin, cmtst}

func (w wordInstruction) word(d, n, m int) (word uint32, comment string) {
	return w.base | uint32(m)<<16 | uint32(n)<<5 | uint32(d),
		fmt.Sprintf("%s v%d.4s, v%d.4s, v%d.4s", w.mnemonic, d, n, m)
}

// A halfInstruction converts four numbers between float16, in half of a vector, and float32.
type halfInstruction struct {
	mnemonic, to, from string
	base               uint32
}

var (
	fcvtl = halfInstruction{"fcvtl", "4s", "4h", 0x0e217800}
	fcvtn = halfInstruction{"fcvtn", "4h", "4s", 0x0e216800}
)

func (h halfInstruction) word(d, n int) (word uint32, comment string) {
	return h.base | uint32(n)<<5 | uint32(d), fmt.Sprintf("%s v%d.%s, v%d.%s", h.mnemonic, d, h.to, n, h.from)
}

// sshrWords is sshr of 32-bit words.
func sshrWords(d, n, shift int) (word uint32, comment string) {
	return 0x4f000400 | uint32(64-shift)<<16 | uint32(n)<<5 | uint32(d),
		fmt.Sprintf("sshr v%d.4s, v%d.4s, #%d", d, n, shift)
}

// prefetchOffset is prfm of the line that is xm bytes from xn on.
func prefetchOffset(n, m int) (word uint32, comment string) {
	return 0xf8a06800 | uint32(m)<<16 | uint32(n)<<5, fmt.Sprintf("prfm pldl1keep, [x%d,x%d]", n, m)
}
