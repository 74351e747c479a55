package kernels

import (
	"fmt"
	"math"

	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Block is how many numbers of a [Blocks8] share a scale.
const Block = table.Block

// Blocks8 are numbers of 8 bits each and a scale for each [Block] of them, from the tensor's start on; the last block
// may be short. Scales are exponents of a float32: the largest that a block needs. Codes are the rest of a float32's
// bits, from an exponent that far below the scale on that a byte can tell:
//
//   - E4M3, of states that may be negative: a sign, 4 bits of exponent and 3 of fraction.
//   - E5M3, of states that may not: 5 bits of exponent and 3 of fraction.
//
// A code whose bits but the sign are 0 is zero. So memory that is all zeros holds zeros. Which of both codes they are
// is a matter of the operand. Rule 16 defines both. An infinity or NaN in a block leaves the others hardly a bit.
type Blocks8 struct {
	Codes  []uint8
	Scales []uint8 // as many as [Scales] says
}

// Scales returns how many scales n codes have.
func Scales(n int) int { return (n + Block - 1) / Block }

// A code8 is one of the two codes: exponents lie less than span below the scale.
type code8 struct {
	signed bool
	span   uint32
}

var e4m3, e5m3 = code8{true, 16}, code8{false, 32}

func codeOf(signed bool) code8 {
	if signed {
		return e4m3
	}
	return e5m3
}

// offset is what is taken from the bits of a magnitude before they are shifted to a code.
func (f code8) offset(scale uint8) uint32 { return (uint32(scale) - (f.span - 1)) << 23 }

// magnitude returns the sign bit of x, and the bits of its magnitude: 0 for what is negative and cannot be.
func (f code8) magnitude(x float32) (sign, magnitude uint32) {
	u := num.Canonical32(math.Float32bits(x))
	if !f.signed && u>>31 != 0 {
		return 0, 0
	}
	return u >> 31, u &^ (1 << 31)
}

// scale is that of a block: such that the largest magnitude has a code whichever way it is rounded.
func (f code8) scale(block []float32) uint8 {
	largest := uint32(0)
	for _, x := range block {
		_, m := f.magnitude(x)
		largest = max(largest, m)
	}
	return uint8(max((largest+0xfffff)>>23, f.span))
}

func (f code8) decode(code, scale uint8) float32 {
	sign, magnitude := uint32(0), uint32(code)
	if f.signed {
		sign, magnitude = magnitude>>7<<31, magnitude&0x7f
	}
	if magnitude == 0 {
		return math.Float32frombits(sign)
	}
	return math.Float32frombits(sign | (magnitude<<20 + f.offset(scale)))
}

// encode drops 20 bits after it has added random ones, or for nil what rounds to nearest even. A magnitude below the
// least code's becomes 0, but of an unsigned number that is not 0 the least code.
func (f code8) encode(x float32, scale uint8, random *uint16) uint8 {
	sign, magnitude := f.magnitude(x)
	up := 0x7ffff + magnitude>>20&1
	if random != nil {
		up = uint32(*random) << 4
	}
	code := int32(magnitude+up-f.offset(scale)) >> 20
	if f.signed {
		return uint8(max(code, 0)) | uint8(sign<<7)
	}
	return uint8(max(code, min(int32(magnitude), 1)))
}

// DecodeBlocks widens numbers in 8-bit blocks, signed (E4M3) or not (E5M3), from the first border of a block on. It
// panics if src has other than as many codes as dst has elements, and as many scales as [Scales] says.
func DecodeBlocks(dst []float32, src Blocks8, signed bool) {
	src.check("DecodeBlocks", len(dst))
	f := codeOf(signed)
	for i := range dst {
		dst[i] = f.decode(src.Codes[i], src.Scales[i/Block])
	}
}

// EncodeBlocks rounds numbers to 8-bit blocks, signed (E4M3) or not (E5M3), from the first border of a block on: to
// nearest, or with the random bits of stochastic operand 0. It panics as [DecodeBlocks] does.
func EncodeBlocks(dst Blocks8, src []float32, signed bool, r Rounding) {
	dst.check("EncodeBlocks", len(src))
	f, random := codeOf(signed), r.stochastic(!r.Nearest, 0)
	for lo := 0; lo < len(src); lo += Block {
		hi := min(lo+Block, len(src))
		dst.store(src[lo:hi], lo, f, random)
	}
}

func (b Blocks8) check(function string, n int) {
	if len(b.Codes) != n || len(b.Scales) != Scales(n) {
		panic(fmt.Sprintf("kernels: %s: %d codes and %d scales, want %d and %d", function, len(b.Codes), len(b.Scales),
			n, Scales(n)))
	}
}

// store encodes a block that begins at lo, by random bits or for nil to nearest.
func (b Blocks8) store(block []float32, lo int, f code8, random *source) {
	scale := f.scale(block)
	b.Scales[lo/Block] = scale
	for i, x := range block {
		if random == nil {
			b.Codes[lo+i] = f.encode(x, scale, nil)
		} else {
			bits := random.bits(random.Base + uint64(lo+i))
			b.Codes[lo+i] = f.encode(x, scale, &bits)
		}
	}
}
