// Command capi is bitstep for programs that are not written in Go: a shared or static library with the interface of
// bitstep.h. README.md tells how to build and to use it.
//
// The functions of bitstep.h are written in C (rows.c, which asmgen generates, and products.c). They put their
// arguments in a struct and cross to Go, in border.c, by one of three functions, so that there is one place each where
// the floating-point mode is set aside and where panics end. All checks are on this side. No Go memory reaches C, and
// none of the caller's is kept.
package main

// #include "border.h"
import "C"

import (
	"fmt"
	"unsafe"
)

func main() {}

// A mistake is an error of a call: a code of bitstep.h, and words.
type mistake struct {
	code C.int
	text string
}

func mistakef(code C.int, format string, args ...any) *mistake {
	return &mistake{code, fmt.Sprintf(format, args...)}
}

// report stores what is wrong in the calling thread's message, and returns the code.
func report(message *C.char, function string, m *mistake) C.int {
	if m == nil {
		return C.BITSTEP_OK
	}
	buffer := unsafe.Slice((*byte)(unsafe.Pointer(message)), C.BITSTEP_MESSAGE)
	n := copy(buffer[:len(buffer)-1], function+": "+m.text)
	buffer[n] = 0
	return m.code
}

// recovered makes a code and a message of a panic, which no mistake of a caller should lead to. It is deferred.
func recovered(message *C.char, function func() string, code *C.int) {
	if p := recover(); p != nil {
		*code = report(message, function(), mistakef(C.BITSTEP_INTERNAL, "a defect of the library: %v", p))
	}
}
