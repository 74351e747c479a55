package bitstep_test

import (
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/internal/golden/goldentest"
)

// Definitions and backends make of fixed inputs what they made when the file was written.
func TestGolden(t *testing.T) {
	goldentest.Compare(t, golden.Definitions(), bitstep.Go)
	goldentest.Compare(t, golden.Kernels(), bitstep.Backends()[1:]...)
}
