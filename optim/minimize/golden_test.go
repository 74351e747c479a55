package minimize_test

import (
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/internal/golden/goldentest"
)

// Every backend makes of the problems what the file has.
func TestGoldenMinimizers(t *testing.T) {
	goldentest.Compare(t, golden.Minimizers(), bitstep.Backends()...)
}
