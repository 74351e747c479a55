// Package num holds what the packages of this module need to know of a floating-point type and of its bits.
package num

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// Is32 reports whether T is float32. Of these two types the size tells which, and unlike a type switch it is a
// constant when the function is compiled for T: the other branch vanishes. No size tells it of other types, as of
// those in which operands are stored, so nothing else compares sizes.
func Is32[T float32 | float64]() bool { return unsafe.Sizeof(T(0)) == 4 }

// Finite reports whether x is neither infinite nor NaN.
func Finite[T float32 | float64](x T) bool { return x-x == 0 }

// AppendBits appends the little-endian bits of s to b, NaN canonical (rules 2 and 12 of the numeric contract).
func AppendBits[T float32 | float64](b []byte, s ...T) []byte {
	for _, v := range s {
		if Is32[T]() {
			b = binary.LittleEndian.AppendUint32(b, Canonical32(math.Float32bits(float32(v))))
		} else {
			b = binary.LittleEndian.AppendUint64(b, Canonical64(math.Float64bits(float64(v))))
		}
	}
	return b
}

// Canonical32 returns the bits of a float32, those of every NaN being 0x7fc00000. It looks at bits alone, because
// loading a signaling NaN into a register may change it.
func Canonical32(bits uint32) uint32 {
	const inf, canonical = 0x7f800000, 0x7fc00000
	if bits&^(1<<31) > inf {
		return canonical
	}
	return bits
}

// Canonical64 returns the bits of a float64, those of every NaN being 0x7ff8000000000000.
func Canonical64(bits uint64) uint64 {
	const inf, canonical = 0x7ff0000000000000, 0x7ff8000000000000
	if bits&^(1<<63) > inf {
		return canonical
	}
	return bits
}
