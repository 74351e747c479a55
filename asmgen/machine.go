package main

import (
	"github.com/mmcloughlin/avo/reg"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// A Reg is a virtual register, general or vector; avo assigns the physical one.
type Reg = reg.Register

// A Machine spells the operations that programs are written in, for one instruction set and one
// element type. Every arithmetic operation is exactly one IEEE operation on each lane: that is why the
// bits agree. Programs know nothing else about the machine; a new instruction set is one new Machine.
//
// A Machine panics on a generator bug.
type Machine interface {
	ISA() isa
	ElemBytes() int // 4 or 8

	// Can reports whether the machine has an operation. A kernel that needs one that is missing has no
	// assembly there, and its definition runs instead.
	Can(op program.Op) bool

	// Begin starts the function name with the given parameters, "n int, x, y *T" where T stands for
	// the element type, and a doc comment; End returns from it.
	Begin(name, params string, doc ...string)
	End()
	Comment(lines ...string)

	// General registers.
	Arg(name string) Reg               // a new register holding the argument
	Copy(r Reg) Reg                    // a new register
	AddImm(r Reg, n int)               // r += n
	AddReg(r, s Reg)                   // r += s
	Shift(r Reg, n uint)               // r <<= n
	And(r Reg, n int)                  // r &= n
	LoadUint32(p Reg, off int) Reg     // a new register holding the zero-extended word at p+off
	IfZero(r Reg, f, otherwise func()) // if r == 0 { f() } else { otherwise() }

	// Control. The names are those of labels, unique in the function.
	While(name string, n Reg, step int, f func()) // while n >= step (signed) { f(); n -= step }
	Rarely(name string, r Reg, f func())          // if r != 0 { f() }, its code after the function's end

	// Shared code, which functions call with operands in registers: see shared.go. BeginShared starts it and
	// EndShared returns from it; FixedPointer and Fixed are its registers. A Table lists such code, or "" for none;
	// Code returns the address in a table, 0 for none, and CallShared calls it.
	BeginShared(name string, inOut, clobbered []Reg)
	EndShared(inOut []Reg)
	Table(name string, code []string)
	Code(table string, index Reg) Reg
	Point(p Reg, off int) // FixedPointer = p+off
	CallShared(code Reg, inOut, clobbered []Reg)
	FixedPointer() Reg
	Fixed(i int) Reg // vector register i

	// Vectors. Operations return a new register unless they say otherwise.
	Vector() Reg                                // a new register
	Load(p Reg, off int) Reg                    // a vector at p+off, of any alignment
	LoadTo(v, p Reg, off int)                   // the same into v
	LoadAs(s table.Storage, p Reg, off int) Reg // a vector's lanes, stored so, at p+off: widened exactly
	Broadcast(p Reg, off int) Reg               // the element at p+off in every lane
	Store(v, p Reg, off int)
	Move(dst, src Reg) // dst = src, in place
	Zero() Reg
	Add(a, b Reg) Reg
	Sub(a, b Reg) Reg
	Mul(a, b Reg) Reg
	Div(a, b Reg) Reg
	Sqrt(a Reg) Reg
	FMA(acc, a, b Reg)    // acc = fma(a, b, acc), in place
	Larger(a, b Reg) Reg  // a > b ? a : b
	Smaller(a, b Reg) Reg // a < b ? a : b

	// Operations that may need constants; calling the method emits those, calling its result
	// the operation.
	Abs() func(a Reg) Reg             // |a|
	Sign() func(a Reg) Reg            // 1, -1, +0 for ±0, NaN for NaN
	MaxMagnitude() func(a, b Reg) Reg // the larger of a and |b| by their bits, a >= +0; a NaN is largest

	// The ends of striped sums: a 64-byte line of lanes, in len(line) vectors, is folded by halves to
	// the 128-bit vector that remains; Lo, Hi, Even, Odd shuffle such vectors.
	Fold128(line []Reg) Reg
	Add128(a, b Reg) Reg
	Lo(a, b Reg) Reg   // the low 64 bits of a, then those of b
	Hi(a, b Reg) Reg   // the high 64 bits of a, then those of b
	Even(a, b Reg) Reg // the 32-bit lanes a0 a2 b0 b2
	Odd(a, b Reg) Reg  // the 32-bit lanes a1 a3 b1 b3
	Store128(v, p Reg, off int)
}
