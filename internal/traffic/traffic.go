// Package traffic holds the ceilings that the benchmarks compare kernels with: loops that move streams of
// memory without arithmetic, and loops of nothing but one operation in registers.
package traffic

import (
	"math"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

// An Op is an operation whose speed is a ceiling.
type Op uint8

const (
	Add Op = iota
	Mul
	Div
	Sqrt
	FMA
)

func (o Op) String() string { return [...]string{"add", "multiply", "divide", "root", "fma"}[o] }

type loopKey struct {
	backend bitstep.Backend
	op      Op
	bytes   int  // of an element
	chain   bool // each operation waits for the last
}

type loop struct {
	run  func(turns int)
	work float64 // of a turn
}

// Rate runs n turns of independent operations on vectors and returns how many elements those had, 0 where there is no
// assembly.
func Rate[T kernels.Float](b bitstep.Backend, op Op, n int) (elements float64) {
	if op == FMA {
		peak := Peak64
		if unsafe.Sizeof(T(0)) == 4 {
			peak = Peak32
		}
		return peak(b, n) / 2
	}
	return run[T](b, op, n, false)
}

// Chain runs n turns of operations on vectors that each wait for the last and returns how many those were, 0 where
// there is no assembly. Each root waits for a multiplication too.
func Chain[T kernels.Float](b bitstep.Backend, op Op, n int) (links float64) {
	return run[T](b, op, n, true)
}

func run[T kernels.Float](b bitstep.Backend, op Op, n int, chain bool) float64 {
	l := loops[loopKey{b, op, int(unsafe.Sizeof(T(0))), chain}]
	if l.run == nil {
		return 0
	}
	l.run(n)
	return float64(n) * l.work
}

// move is Move in Go, for backends without assembly, whose minimum needs all that is loaded. A stream whose letter says
// so moves less.
func move(pattern string, s [][]float32) {
	for j := range len(s[0]) * periods[pattern[0]] {
		least := float32(math.Inf(1))
		for i, kind := range []byte(pattern) {
			if period := periods[kind]; !written(kind) && j%period == 0 {
				least = min(least, s[i][j/period])
			}
		}
		for i, kind := range []byte(pattern) {
			if period := periods[kind]; (written(kind) || kind == 'U') && j%period == 0 {
				s[i][j/period] = least
			}
		}
	}
}

// periods is how many elements of the others a stream moves one of its own with, by its letter.
var periods = [256]int{'R': 1, 'W': 1, 'U': 1, 'H': 2, 'h': 2, 'Q': 4, 'q': 4, 'O': 8}

func written(kind byte) bool { return kind == 'W' || kind == 'h' || kind == 'q' }

// Streams cuts what Move takes from the memory of a kernel's operands: op is their bytes, in the order of the
// pattern.
func Streams(op [][]byte) [][]float32 {
	var s [][]float32
	for _, b := range op {
		s = append(s, unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4))
	}
	return s
}
