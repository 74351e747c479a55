package table

import "testing"

// A storage that does not exist must not pass for the element type.
func TestUnknownStorage(t *testing.T) {
	defer func() {
		if got, want := recover(), "kernels/table: operand src: no storage u16"; got != want {
			t.Errorf("panic %v, want %s", got, want)
		}
	}()
	operands("dst- src:u16")
}
