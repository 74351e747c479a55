//go:build (amd64 || arm64) && !purego && !noasm

package bitstep

import (
	"unsafe"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// What assembly takes of calls in narrow storage.

// variant is what assembly takes the call for: a number for each work, form and rounding.
func (c *storedCall) variant() int {
	if c.form < 0 {
		return -1
	}
	v := int(c.work)*variants + 2*c.form
	if c.rounding.Nearest {
		v++
	}
	return v
}

// randomWords are what assembly makes random bits from for the elements from lo on, all with the same high half of
// their index: for each word what the first product is made of at lo, and the second key.
func (c *storedCall) randomWords(lo int) (random [maxOperands + 1]uint32) {
	if c.rounding.Nearest {
		return random
	}
	index := c.rounding.Base + uint64(lo)
	for w := range len(random) / 2 {
		if 2*w < c.count { // stochastic operands are no more than the others
			k0, k1 := c.rounding.Key(index>>32, uint64(w))
			random[2*w], random[2*w+1] = k0+uint32(index)*kernels.RandomStep, k1
		}
	}
	return random
}

// scaleAt points at the scale of the block that begins at element lo of operand i.
func scaleAt(c *storedCall, i, lo int) *uint8 {
	return (*uint8)(unsafe.Add(c.scales[i], lo/table.Block))
}

// storedAt points at element lo of operand i.
func storedAt[E any](c *storedCall, i, lo int) *E {
	return (*E)(unsafe.Add(c.op[i], lo*int(unsafe.Sizeof(*new(E)))))
}
