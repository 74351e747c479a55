package optim

import (
	"fmt"
	"math"

	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// SAMConfig are the hyperparameters of a [SAM].
type SAMConfig struct {
	// Rho is how far the gradient is taken from the parameters. Default 0.05; with Adaptive the paper has 0.5 to 2.
	Rho float64

	// Adaptive measures the distance of each element in units of its own size (Kwon et al., ASAM, 2021, without its
	// eta).
	Adaptive bool
}

// A SAM lets its optimizer take steps by gradients from where the loss is highest nearby (Foret et al., Sharpness-Aware
// Minimization for Efficiently Improving Generalization, 2021): with the norm over all parameters,
//
//	x' = x + rho * g(x)/|g(x)|            or with Adaptive   x' = x + rho * x^2*g(x)/|x*g(x)|
//	step from x by g(x')
//
// So each step takes two gradients:
//
//	s.Ascend(grads...) // the parameters are x' now
//	// compute gradients again
//	s.Step(grads...)   // from x, to which the parameters return bit for bit
//
// Where the norm is 0, x' is x; where it is not finite the parameters become NaN, so that the second gradient shows it
// (see Options.SkipNonFinite). The scale of gradients does not matter for x'; its sign, and so Options.Maximize, does.
// Between steps a SAM has no state: what the optimizer saves is all.
//
// Memory: one element per parameter, with Adaptive two.
type SAM[T kernels.Float] struct {
	config       SAMConfig
	opt          *Optimizer[T]
	kept, scaled [][]T
	away         bool // the parameters are x'
}

// NewSAM returns a SAM around an optimizer. It is an error if that has [Group.Weights].
func NewSAM[T kernels.Float](c SAMConfig, o *Optimizer[T]) (*SAM[T], error) {
	spec := &Spec{name: "SAM"}
	spec.Value("Rho", &c.Rho, 0.05, math.Inf(1))
	if err := checkSpec[T](spec); err != nil {
		return nil, fmt.Errorf("optim: %w", err)
	}
	for _, g := range o.groups {
		if g.w != nil {
			return nil, fmt.Errorf("optim: SAM: an optimizer of Weights, want one of Params: x' would be rounded to x")
		}
	}
	s := &SAM[T]{config: c, opt: o, kept: mem.Together[T](o.lengths)}
	if c.Adaptive {
		s.scaled = mem.Together[T](o.lengths)
	}
	return s, nil
}

// Ascend moves the parameters to x'. It takes gradients at x, as [Optimizer.Step] does, and allocates nothing. It
// panics, before anything is written, if they are wrong, or between Ascend and Step.
func (s *SAM[T]) Ascend(grads ...[]T) {
	if s.away {
		panic("optim: SAM: Ascend, want Step, which comes after it")
	}
	if err := s.opt.checkSlices("gradient", grads); err != nil {
		panic(fmt.Sprintf("optim: SAM: Ascend: %v", err))
	}
	k := s.opt.k
	for i, x := range s.opt.params {
		copy(s.kept[i], x)
	}
	rho, along := s.config.Rho, grads
	if s.opt.opts.Maximize != (s.opt.scale < 0) {
		rho = -rho
	}
	if s.config.Adaptive {
		for i, x := range s.kept {
			k.Mul(s.scaled[i], x, grads[i])
		}
		along = s.scaled
	}
	length := norm(k, along)
	factor := scalar[T](rho / length)
	switch {
	case length == 0:
		factor = 0
	case !num.Finite(length):
		factor = T(math.NaN())
	}
	if factor != 0 {
		for i, x := range s.opt.params {
			if s.config.Adaptive {
				k.Mul(x, s.kept[i], along[i])
				k.Axpby(x, s.kept[i], 1, factor)
			} else {
				k.Axpy(x, along[i], factor)
			}
		}
	}
	s.away = true
}

// Step returns the parameters to x, and takes the optimizer's step by gradients at x'. It returns what [Optimizer.Step]
// does, and panics as it does, the parameters at x by then, or without Ascend before it.
func (s *SAM[T]) Step(grads ...[]T) bool {
	if !s.away {
		panic("optim: SAM: Step, want Ascend, which comes before it")
	}
	for i, x := range s.opt.params {
		copy(x, s.kept[i])
	}
	s.away = false
	return s.opt.Step(grads...)
}
