// Package instances has generic functions compiled that no other package of the module calls but tests: so that the
// check for fused instructions, which disassembles packages, sees their code.
package instances

import "github.com/bitstep-go/bitstep/optim/minimize"

// Functions keeps the compiler from leaving any out.
var Functions = []any{
	minimize.CheckGradient[float32], minimize.CheckGradient[float64],
	minimize.NumericalGradient[float32], minimize.NumericalGradient[float64],
	minimize.RandomSearch[float32].Minimize, minimize.RandomSearch[float64].Minimize,
}
