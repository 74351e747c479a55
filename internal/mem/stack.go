//go:build (amd64 || arm64) && !purego && !noasm

package mem

import "unsafe"

// StackKnown tells that [OnStack] knows the stack.
const StackKnown = true

// OnStack reports whether p points into the stack of this goroutine, which moves when it grows and when it shrinks:
// other goroutines must not be given p. What is found elsewhere stays there.
func OnStack(p unsafe.Pointer) bool {
	lo, hi := stack()
	at := uintptr(p) // no call lies between, at which the stack could have moved
	return lo <= at && at < hi
}

// AnyOnStack is [OnStack] for the memory of slices.
func AnyOnStack[T any](s [][]T) bool {
	lo, hi := stack()
	for i := range s { // stacks move at calls, of which there is none here
		if at := uintptr(unsafe.Pointer(unsafe.SliceData(s[i]))); lo <= at && at < hi {
			return true
		}
	}
	return false
}

// stack returns the bounds of the stack: the first two words of runtime.g, whose place runtime/cgo knows too. No size
// tells what is on a stack: variables are up to 128 KiB there, slice literals of any size.
func stack() (lo, hi uintptr)
