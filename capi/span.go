package main

// #include "bitstep.h"
import "C"

import (
	"fmt"
	"math"
)

// A span is memory that a caller names: so many elements from an address on. It is numbers and no pointer, since the
// caller may be wrong.
type span struct {
	name    string
	tensor  int // of several, or -1
	address uintptr
	n, size uintptr // elements, and bytes of one
}

// check returns a mistake unless memory can be so: there, aligned, and not longer than memory is.
func (s span) check() *mistake {
	switch {
	case s.n > math.MaxInt/s.size:
		return mistakef(C.BITSTEP_LENGTH, "%s has %d elements of %d bytes, want at most %d", s, s.n, s.size,
			math.MaxInt/s.size)
	case s.n == 0:
		return nil
	case s.address == 0:
		return mistakef(C.BITSTEP_NULL, "%s is null, want %d elements", s, s.n)
	case s.address%s.size != 0:
		return mistakef(C.BITSTEP_ALIGNMENT, "%s is at %#x, want a multiple of %d", s, s.address, s.size)
	case s.address+s.n*s.size < s.address:
		return mistakef(C.BITSTEP_LENGTH, "%s has %d elements of %d bytes from %#x on, which is beyond all memory",
			s, s.n, s.size, s.address)
	}
	return nil
}

// String is the span's name in messages.
func (s span) String() string {
	if s.tensor < 0 {
		return s.name
	}
	return fmt.Sprintf("%s[%d]", s.name, s.tensor)
}

// checkOverlap returns a mistake if two spans share memory. Both are checked.
func (s *span) checkOverlap(o *span, written bool) *mistake {
	if s.n == 0 || o.n == 0 || s.address >= o.address+o.n*o.size || o.address >= s.address+s.n*s.size {
		return nil
	}
	w := o
	if written {
		w = s
	}
	return mistakef(C.BITSTEP_OVERLAP, "%s, %d bytes at %#x, overlaps %s, %d bytes at %#x, and %s is written",
		*o, o.n*o.size, o.address, *s, s.n*s.size, s.address, *w)
}
