//go:build !(amd64 || arm64) || purego || noasm

package mem

import "unsafe"

// StackKnown tells that [OnStack] does not know the stack: operands must escape, which moves them to the heap.
const StackKnown = false

// OnStack reports false.
func OnStack(unsafe.Pointer) bool { return false }

// AnyOnStack reports false.
func AnyOnStack[T any]([][]T) bool { return false }
