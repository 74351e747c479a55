package bitstep

import (
	"math"
	"unsafe"
)

// Steps that divide by a root take a part of their roots by fused multiply-adds, which keeps divider and multipliers
// busy at the same time: how large a part is a question of the processor. Bits do not depend on it, as
// docs/exact-sqrt.md proves.

// rootsBy is, for each backend and type, the processor for which steps are balanced.
var rootsBy = balance(available, processorOf(processors))

// A balanced says so for the types.
type balanced struct{ F32, F64 processor }

// pipelined is the least bytes of an operand for which a software pipeline pays, which has to fill and drain: some 16
// of the longest vectors.
const pipelined = 1024

// balancedFor returns the processors for which a call of n elements is balanced.
//
//lint:ignore U1000 architectures without assembly have no dispatch that asks
func balancedFor[T Float](backend Backend, n int) balanced {
	if n*int(unsafe.Sizeof(T(0))) < pipelined {
		return balanced{}
	}
	return rootsBy[backend]
}

// processorOf returns the first kind that the machine is.
func processorOf(kinds []processorIs) processor {
	for _, p := range kinds {
		if p.is {
			return p.kind
		}
	}
	return ordinary
}

// balance returns rootsBy for a kind of processor.
func balance(available []Backend, p processor) (by [len(backends)]balanced) {
	for _, b := range available {
		by[b] = balanced{p, p}
		if b == AVX2 && p != ordinary && !exactRoots(b) {
			by[b].F32 = ordinary
		}
	}
	return by
}

// hardRoots are the numbers from 1 to 4 whose float32 root may be wrong with the estimates of some processor that does
// as is documented for AVX2, |error| <= 1.5*2^-12. A longer form has no such numbers, and takes up to a tenth longer.
var hardRoots = [...]float32{
	0x1.f82294p0, 0x1.24b0b2p0, 0x1.52f7dep0, 0x1.e05156p0, 0x1.9b5d64p0, 0x1.e1b39cp0, 0x1.a8cb02p0, 0x1.76c3eep0,
	0x1.dd26e4p1, 0x1.b5c076p1, 0x1.542efep1, 0x1.771798p1, 0x1.9a2854p1, 0x1.bebf4ap1, 0x1.a2b4eep1, 0x1.66057cp1,
	0x1.9b23d8p1,
}

// exactRoots tries them, with all exponents for which roots are not taken again.
func exactRoots(b Backend) bool {
	var x, got [(len(hardRoots) + 7) &^ 7]float32
	for e := -80; e <= 124; e += 2 {
		for i := range x {
			x[i] = float32(math.Ldexp(float64(hardRoots[i%len(hardRoots)]), e))
		}
		squareRoots(b, len(x), &x[0], &got[0])
		for i, s := range got {
			if s != float32(math.Sqrt(float64(x[i]))) {
				return false
			}
		}
	}
	return true
}
