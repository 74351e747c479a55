package mem

import (
	"testing"
	"unsafe"
)

var global [8]byte

// What a function makes without an allocation, and does not let escape, is on the stack; all else is not. This holds
// OnStack against every release of Go, whatever its limits are.
func TestOnStack(t *testing.T) {
	if !StackKnown {
		t.Skip("no assembly")
	}
	done := make(chan bool)
	go func() { // on a stack that has just begun, and grows
		defer close(done)
		testOnStack(t, 12)
	}()
	<-done
	testOnStack(t, 0)
	if OnStack(unsafe.Pointer(&global)) || OnStack(nil) {
		t.Error("what is global, or nil, is not on the stack")
	}
}

func testOnStack(t *testing.T, depth int) {
	if depth > 0 {
		var grow [1 << 10]byte
		look(grow[:])
		testOnStack(t, depth-1)
	}
	const small, large = 1 << 10, 1<<18 + 1
	n := small
	var on bool
	for _, v := range []struct {
		name string
		f    func()
	}{
		{"a variable", func() { var x [small]byte; on = look(x[:]) }},
		{"a large variable", func() { var x [large]byte; on = look(x[:]) }},
		{"a slice", func() { on = look(make([]byte, small)) }},
		{"a large slice", func() { on = look(make([]byte, large)) }},
		{"a slice of any length", func() { on = look(make([]byte, n)) }},
		{"a literal", func() { on = look([]byte{small - 1: 1}) }},
		{"a large literal", func() { on = look([]byte{large - 1: 1}) }},
		{"new", func() { on = look(new([small]byte)[:]) }},
		{"a large pointer", func() { on = look((&[large]byte{1})[:]) }},
	} {
		if allocates := testing.AllocsPerRun(50, v.f) > 0; on == allocates {
			t.Errorf("%s: on the stack: %v, allocated: %v", v.name, on, allocates)
		}
	}
}

// look tells where s is, which does not escape.
//
//go:noinline
func look(s []byte) bool {
	s[0]++
	return OnStack(unsafe.Pointer(&s[0])) && OnStack(unsafe.Pointer(&s[len(s)-1]))
}
