package linear_test

import (
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/golden"
	"github.com/bitstep-go/bitstep/internal/golden/goldentest"
)

// Training makes of the small set what it made when the file was written, on every machine, backend and
// number of threads, from pixels and from rows in memory.
func TestGoldenWeights(t *testing.T) {
	backends := bitstep.Backends()
	goldentest.Compare(t, golden.Classifiers(1, false), backends...)
	if testing.Short() {
		backends = backends[1:] // once is slow enough where pure Go is emulated
	}
	goldentest.Compare(t, golden.Classifiers(2, true), backends...)
}
