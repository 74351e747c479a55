package bitstep

import "github.com/bitstep-go/bitstep/kernels"

// What a caller of steps needs besides the functions of api.go, so that one import is enough.

// Float is the element types: float32 and float64.
type Float = kernels.Float

// Prelude is [kernels.Prelude]: what a step does to gradient and parameters before its own lines.
type Prelude[T Float] = kernels.Prelude[T]

// NewAdamAlmost is [kernels.NewAdamAlmost]: the scalars of [Adam] without bias correction.
func NewAdamAlmost[T Float](h AdamHyper) AdamCoef[T] { return kernels.NewAdamAlmost[T](h) }
