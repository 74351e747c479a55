package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 44,
	Names: []Name{{Name: "lookahead", About: "around adam",
		Config: func(lr float64) Config { return Lookahead{Config: Adam{LR: lr}} }, Rate: 3e-4}},
	Settings: []Setting{
		{Name: "Lookahead", Config: Lookahead{Config: Adam{LR: 0.01}}},
		{Name: "Lookahead/sgd", Config: Lookahead{Config: SGD{LR: 0.05}, Every: 3, Pull: 0.75}},
	},
})

// Lookahead is another algorithm, whose parameters x are drawn back to slow weights every few steps (Zhang et al.,
// Lookahead Optimizer: k Steps Forward, 1 Step Back, 2019):
//
//	slow = pull*x + (1-pull)*slow
//	x = slow
//
// It is no [Optimizer.LookAhead], which is of Nesterov's momentum.
//
// State: that of the algorithm, and slow, one element per parameter, which starts from the parameters at the first
// step.
type Lookahead struct {
	Config Config  // the algorithm: required
	Every  float64 // steps, a whole number from 1; default 5, the paper's k
	Pull   float64 // in [0, 1); default 0.5, the paper's alpha
}

// Spec is for package optim: see [Config].
func (c Lookahead) Spec() *Spec {
	if c.Config == nil {
		s := &Spec{name: "Lookahead", config: func() Config { return c }}
		s.fail("Config = nil, want an algorithm")
		return s
	}
	s := c.Config.Spec()
	if s == nil || s.config == nil {
		return s
	}
	s.name = "Lookahead of " + s.name
	s.onePass = false // slow is made of x
	s.Value("Every", &c.Every, 5, math.Inf(1))
	s.Value("Pull", &c.Pull, 0.5, 1)
	if c.Every < 1 || c.Every != math.Floor(c.Every) {
		s.fail("Every = %v, want a whole number from 1", c.Every)
	}
	inner, f32, f64 := s.config, s.f32, s.f64
	s.config = func() Config { return Lookahead{inner(), c.Every, c.Pull} }
	s.f32 = func(a *Setup[float32]) func(*Update[float32]) { return stepLookahead(a, &c, f32(a)) }
	s.f64 = func(a *Setup[float64]) func(*Update[float64]) { return stepLookahead(a, &c, f64(a)) }
	return s
}

func stepLookahead[T kernels.Float](s *Setup[T], h *Lookahead, step func(*Update[T])) func(*Update[T]) {
	slow := s.Like("slow", 0)
	return func(u *Update[T]) {
		if u.Step == 1 {
			for i, x := range u.X {
				copy(slow[i], x)
			}
		}
		step(u)
		if u.Step%uint64(h.Every) != 0 {
			return
		}
		for i, x := range u.X {
			pull := T(h.Pull)
			u.checked.Axpby(slow[i], x, pull, 1-pull)
			copy(x, slow[i])
		}
	}
}
