package linear

import (
	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

// halves are a model's weights in bfloat16, as the optimizer has them, where a pass reads their values in float32. The
// zero value is of a model whose weights the optimizer has as they are.
type halves[T kernels.Float] struct {
	weights []kernels.BFloat16
	grad    []kernels.BFloat16 // nil if there is a master, which takes the gradient in float32
}

// newHalves rounds w, which is of float32, to nearest, as the weights in bfloat16 are.
func newHalves[T kernels.Float](e bitstep.Engine[T], w []T, master bool) halves[T] {
	h := halves[T]{weights: make([]kernels.BFloat16, len(w))}
	if !master {
		h.grad = make([]kernels.BFloat16, len(w))
	}
	narrow(e).ToBFloat16(h.weights, any(w).([]float32), kernels.Rounding{Nearest: true})
	h.widen(e, w)
	return h
}

// step is the optimizer's, after which w has the values of the weights.
func (h halves[T]) step(e bitstep.Engine[T], opt *optim.Optimizer[T], w, grad []T) {
	if h.grad == nil {
		opt.Step(grad)
	} else {
		narrow(e).ToBFloat16(h.grad, any(grad).([]float32), kernels.Rounding{Nearest: true})
		opt.StepStored(kernels.Stored{BFloat16: h.grad})
	}
	h.widen(e, w)
}

// widen stores in w the values of the weights, which w has already if they are not in bfloat16.
func (h halves[T]) widen(e bitstep.Engine[T], w []T) {
	if h.weights != nil {
		narrow(e).FromBFloat16(any(w).([]float32), h.weights)
	}
}

// narrow is an engine of float32, which T is.
func narrow[T kernels.Float](e bitstep.Engine[T]) bitstep.Narrow {
	return bitstep.Narrow(any(e).(bitstep.Engine[float32]))
}
