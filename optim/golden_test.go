package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/internal/golden/goldentest"
)

// Every backend makes of fixed runs of 1,000 steps what the file has.
func TestGoldenTrajectories(t *testing.T) {
	goldentest.Compare(t, golden.Optimizers(), bitstep.Backends()...)
}
