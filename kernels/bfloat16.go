package kernels

import (
	"math"

	"github.com/bitstep-go/bitstep/internal/num"
)

// Storage of 16 bits: numbers are widened exactly, and rounded by rule 14. Nothing is computed in it.

// A BFloat16 is the first half of the bits of a float32: its sign, its exponent and 7 bits of its fraction.
type BFloat16 uint16

// Float32 returns the number, exactly.
func (b BFloat16) Float32() float32 { return math.Float32frombits(uint32(b) << 16) }

// NearestBFloat16 rounds to nearest, ties to even. What is too large becomes infinite; every NaN becomes 0x7fc0.
func NearestBFloat16(x float32) BFloat16 {
	u := num.Canonical32(math.Float32bits(x))
	return BFloat16((u + 0x7fff + u>>16&1) >> 16)
}

// StochasticBFloat16 rounds to one of the two neighbours of x, away from zero in so many of 65536 cases as x is of the
// way there: if the second half of its bits and the random ones carry. What is a BFloat16 stays what it is; every NaN
// becomes 0x7fc0.
func StochasticBFloat16(x float32, random uint16) BFloat16 {
	return BFloat16((num.Canonical32(math.Float32bits(x)) + uint32(random)) >> 16)
}

// A Float16 is IEEE 754's binary16: a sign, 5 bits of exponent and 10 of fraction.
type Float16 uint16

// Float32 returns the number, exactly.
func (h Float16) Float32() float32 {
	sign, magnitude := uint32(h>>15)<<31, uint32(h&0x7fff)
	switch {
	case magnitude < 0x400: // a multiple of 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(magnitude)*0x1p-24))
	case magnitude < 0x7c00:
		return math.Float32frombits(sign | (magnitude<<13 + (127-15)<<23))
	}
	return math.Float32frombits(sign | 0xff<<23 | (magnitude&0x3ff)<<13)
}

// NearestFloat16 rounds to nearest, ties to even. What is 65520 and more becomes infinite; every NaN becomes 0x7e00.
func NearestFloat16(x float32) Float16 {
	u := num.Canonical32(math.Float32bits(x))
	sign, magnitude := Float16(u>>31)<<15, u&^(1<<31)
	switch {
	case magnitude > 0xff<<23:
		return 0x7e00
	case magnitude >= (15+127+1)<<23:
		return sign | 0x7c00
	case magnitude < (127-14)<<23: // a multiple of 2^-24, which the sum rounds to: that of 1/2 is its last digit
		return sign | Float16(math.Float32bits(math.Float32frombits(magnitude)+.5)-math.Float32bits(.5))
	}
	magnitude -= (127 - 15) << 23
	return sign | Float16((magnitude+0xfff+magnitude>>13&1)>>13)
}
