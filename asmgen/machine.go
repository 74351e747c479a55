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
	Registers() int // of vectors

	// Can reports whether the machine has an operation. A kernel that needs one that is missing has no
	// assembly there, and its definition runs instead.
	Can(op program.Op) bool

	// Begin starts the function name with the given parameters, "n int, x, y *T" where T stands for
	// the element type, and a doc comment; End returns from it. With a result, "n int, x *T -> T", Return sets it to
	// the first element of a vector.
	//
	// BeginLocal starts one that only a table of code names.
	Begin(name, params string, doc ...string)
	BeginLocal(name, params string, doc ...string)
	Return(v Reg)
	End()
	Comment(lines ...string)

	// General registers.
	Arg(name string) Reg           // a new register holding the argument
	Copy(r Reg) Reg                // a new register
	Int(n int) Reg                 // a new register holding n
	AddImm(r Reg, n int)           // r += n
	AddReg(r, s Reg)               // r += s
	Shift(r Reg, n uint)           // r <<= n
	And(r Reg, n int)              // r &= n
	LoadUint32(p Reg, off int) Reg // a new register holding the zero-extended word at p+off
	LoadWord(p Reg, off int) Reg   // a new register holding the word of 64 bits at p+off
	StoreWord(r, p Reg, off int)
	IfZero(r Reg, f, otherwise func()) // if r == 0 { f() } else { otherwise() }
	IfMore(r Reg, n int, f func())     // if r > n (signed) { f() }

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
	CopyBytes(p Reg, off int, from Reg, fromOff, n int) // 4, 8 or 16 bytes
	Move(dst, src Reg)                                  // dst = src, in place
	Zero() Reg
	SetZero(v Reg) // v = +0, in place
	Add(a, b Reg) Reg
	Sub(a, b Reg) Reg
	Mul(a, b Reg) Reg
	WithLoad(op program.Op, a, p Reg, off int) Reg // Add, Sub, Mul, Larger or Smaller of a and the vector at p+off
	Div(a, b Reg) Reg
	Sqrt(a Reg) Reg
	FMA(acc, a, b Reg)         // acc = fma(a, b, acc), in place
	FMASub(acc, a, b Reg)      // acc = fma(-a, b, acc), in place
	Literal(c float64) Reg     // in every lane
	Larger(a, b Reg) Reg       // a > b ? a : b
	Smaller(a, b Reg) Reg      // a < b ? a : b
	Select(a, b, c, d Reg) Reg // a > b ? c : d
	Round(a Reg) Reg           // to an integer, half to even

	SwapHalves(a Reg, bytes int) Reg // of each so many bytes, a vector's or a half, a quarter ... of one

	// Operations that may need constants; calling the method emits those, calling its result
	// the operation.
	Abs() func(a Reg) Reg             // |a|
	Sign() func(a Reg) Reg            // 1, -1, +0 for ±0, NaN for NaN
	MaxMagnitude() func(a, b Reg) Reg // the larger of a and |b| by their bits, a >= +0; a NaN is largest

	// The same for float64 alone.
	Constants(name string, c []float64) func(i int) Reg // c[i] in every lane; a name stands for one c
	PowerOf2() func(a, k Reg) Reg                       // a * 2^k, a in [1/2, 2), k an integer in [-1077, 1024], or NaN

	// Roots by fma, see roots.go. HalfRoots estimates 1/(2*sqrt(x)) from 2*x, to what Refinement goes on from; Unfit
	// returns a register that is not 0 if any lane of roots may be wrong.
	HalfRoots(do *ops, twice, h []Reg)
	Refinement() refinement
	Unfit(roots []Reg) Reg

	// Scratch returns the address of so many bytes on the stack, in whole lines where vectors are as long as lines.
	Scratch(bytes int) Reg
	SetReg(r, s Reg) // r = s

	// Matrices.

	// n rows that lie stride bytes apart from p on, a register that they own: of vectors, and of single elements.
	VectorRows(p, stride Reg, n int) RowsInPlace
	ScalarRows(p, stride Reg, n int) Scalars
	FMAScalar(acc, scalar, b Reg) // acc = fma(scalar in every lane, b, acc), in place
	Prefetch(p Reg)               // the line at p, to be written
	PrefetchNext(p Reg, off int)  // the line at p+off, to be read soon but not at once
	PrefetchLater(p Reg, off int) // the same of what may come from memory, and some time before it is read

	// A Mask is the lanes of vector i of a 64-byte line of which only the first count elements are there. Masked
	// operations touch no memory elsewhere; loads give +0 there.
	Mask(count Reg, i int) Mask
	LoadMasked(p Reg, off int, mask Mask) Reg
	StoreMasked(v, p Reg, off int, mask Mask)
	StoreRowsMasked(rows []Reg, p, stride Reg, mask Mask) // rows that lie stride bytes apart from p on
	FMAMasked(acc, a, b Reg, mask Mask)                   // FMA, of masked loads, where the mask is; nothing elsewhere

	// FoldLines folds n lines of lanes by halves (rule 7), at most as many as a vector has elements, to the vector of
	// their sums. load returns vector i of a line, also of lines from n on, which do not matter.
	FoldLines(n int, load func(line, i int) Reg) Reg

	// Transpose returns the columns of a square of as many vectors as they have elements. Rows from some quarter on may
	// be nil, see TurnQuarters of tileSize: the columns' elements there do not matter.
	Transpose(rows []Reg) []Reg

	// JumpTo goes on in the code at an address, a function of the same parameters.
	JumpTo(code Reg)
}

// A piecewise Machine transposes what is less than a vector of each row in less time by 16 bytes.
type piecewise interface {
	Machine
	// Pieces returns the columns of 16 bytes of as many rows as a vector has elements. Of these only the first count
	// elements are there, and others are not touched, unless it is nil. row returns the pointer to a row.
	Pieces(count Reg, row func(i int) Reg) []Reg
}

// Rows are the rows of a matrix; Advance moves all by so many bytes.
type Rows interface {
	Load(r, off int) Reg
	LoadMasked(r, off int, mask Mask) Reg
	Advance(by Reg)
}

// RowsInPlace may be far apart.
type RowsInPlace interface {
	Rows
	Ahead(by Reg) Lines // the lines that are so many bytes from the rows, before these move
}

// Lines are lines of rows that are to be read soon. They move with the rows, by the same.
type Lines interface {
	Fetch(r int)
	Advance(by Reg)
}

// Scalars are the rows of a matrix of which one element is read at a time.
type Scalars interface {
	Scalar(r int) Reg          // what FMAScalar takes
	FMA(acc Reg, r int, b Reg) // FMAScalar of one that is needed once
	Advance(by Reg)
}

// A Mask is a mask of lanes: the elements that it covers, which may be less than 0 or more than a vector has, and
// the instruction set's own form.
type Mask struct{ count, lanes Reg }
