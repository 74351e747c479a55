package linear

import (
	"testing"

	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// A formula states a loss a second time, apart from the loss's code, in a test file of its own.
type formula struct {
	// Of a loss over classes: row32 and row64 return the loss of a row of scores, which its derivatives replace, to
	// the bit as the comment of its type defines it.
	row32 func(s []float32, class int) float64
	row64 func(s []float64, class int) float64

	// real returns the loss and its derivatives in float64, and how far a loss in a type of unit roundoff u may be
	// from them if each score s[j] is off by up to e[j], or an error if it may be anywhere: beside a kink.
	real func(s, e []float64, class int, u float64) (loss, bound float64, ds, dsBound []float64, err error)

	// hidden says of which bad scores, NaN or +Inf, the loss shows nothing; nil: none.
	hidden func(at, class int, bad float64) bool

	// Of a loss over numbers: its value.
	number func(score, value float64) float64
}

var formulas = map[string]formula{}

func addFormula(loss Loss, f formula) bool {
	formulas[loss.Name()] = f
	return true
}

func formulaOf(t testing.TB, loss Loss) formula {
	t.Helper()
	f, ok := formulas[loss.Name()]
	if !ok {
		t.Fatalf("no formula of the loss %s: add one, as softmax_test.go does", loss.Name())
	}
	return f
}

// rowOf returns the formula of a row for T.
func rowOf[T kernels.Float](f formula) func(s []T, class int) float64 {
	var row any = f.row64
	if num.Is32[T]() {
		row = f.row32
	}
	return row.(func([]T, int) float64)
}
