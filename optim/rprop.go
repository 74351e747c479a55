package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 15,
	Names: []Name{{Name: "rprop", About: "for full batches",
		Config: func(lr float64) Config { return Rprop{LR: lr} }, Rate: 1e-4}},
	Settings: []Setting{{Name: "Rprop", Config: Rprop{LR: 0.01}}},
	Torch: []Torch{{Case: "Rprop", Class: "Rprop", Place: 13, Config: Rprop{},
		Fields: "lr=LR etaminus=Down etaplus=Up least=StepMin most=StepMax", Given: []string{
			"lr=0.01 etaminus=0.5 etaplus=1.2 least=1e-6 most=50",
			"lr=0.01 etaminus=0.75 etaplus=1.5 least=0.004 most=0.02 maximize=True",
		}}},
})

// Rprop steps by the sign of the gradient and a length of each element's own, which grows while the sign stays and
// shrinks where it changes (Riedmiller and Braun, A direct adaptive method for faster backpropagation learning: the
// RPROP algorithm, 1993, without going back), the kernel [kernels.Rprop]:
//
//	s = s*Up, s*Down or s, where p*g is positive, negative or 0, and then within [StepMin, StepMax]
//	p = 0 where p*g is negative, and g elsewhere
//	x = x - sign(p)*s
//
// It is for gradients over all data: those of minibatches change their sign by chance. LR is the length that steps
// start from; no schedule changes it later, and neither does SetLR.
//
// State: p and s, together two elements per parameter.
type Rprop struct {
	LR          float64 // default 1e-2
	Down        float64 // in [0, 1); default 0.5
	Up          float64 // at least 1; default 1.2
	StepMin     float64 // default 1e-6
	StepMax     float64 // default 50
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c Rprop) Spec() *Spec {
	s := NewSpec("Rprop", &c.LR, 1e-2, &c.WeightDecay, c.Decoupled)
	s.Value("Down", &c.Down, 0.5, 1)
	s.Value("Up", &c.Up, 1.2, math.Inf(1))
	if c.Up < 1 {
		s.fail("Up = %v, want in [1, +Inf)", c.Up)
	}
	s.Value("StepMin", &c.StepMin, 1e-6, math.Inf(1))
	s.Value("StepMax", &c.StepMax, 50, math.Inf(1))
	if c.StepMin > c.StepMax {
		s.fail("StepMin = %v, want at most StepMax = %v", c.StepMin, c.StepMax)
	}
	s.OnePass()
	return Bind(s, &c, stepRprop[float32], stepRprop[float64])
}

func stepRprop[T kernels.Float](setup *Setup[T], h *Rprop) func(*Update[T]) {
	p, s := setup.Moment("p", 0), setup.NonNegative("s", h.LR)
	return func(u *Update[T]) {
		c := kernels.NewRprop[T](kernels.RpropHyper{Up: h.Up, Down: h.Down, Least: h.StepMin, Most: h.StepMax})
		u.Rprop(p, s, c)
	}
}
