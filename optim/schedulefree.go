package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 39,
	Names: []Name{
		{Name: "schedule-free-sgd", About: "a mean of steps, of which State(\"a\") is to be used",
			Config: func(lr float64) Config { return ScheduleFreeSGD{LR: lr} }, Rate: 1e-2},
		{Name: "schedule-free-adamw", About: "with a decay of 0.01",
			Config: func(lr float64) Config { return ScheduleFreeAdam{LR: lr, WeightDecay: 0.01, Decoupled: true} },
			Rate:   1e-3},
	},
	Settings: []Setting{
		{Name: "ScheduleFreeSGD", Config: ScheduleFreeSGD{LR: 0.05}},
		{Name: "ScheduleFreeSGD/coupled", Config: ScheduleFreeSGD{LR: 0.05, WeightDecay: 0.01, WarmUp: 100},
			Options: clippedSetting},
		{Name: "ScheduleFreeAdam", Config: ScheduleFreeAdam{LR: 0.01}},
		{Name: "ScheduleFreeAdam/decoupled", Config: ScheduleFreeAdam{LR: 0.01, WeightDecay: 0.01, Decoupled: true,
			WarmUp: 100}},
	},
})

// ScheduleFreeSGD is gradient descent with a mean of its points in place of a falling rate (Defazio et al., The Road
// Less Scheduled, 2024), the kernel [kernels.ScheduleFree]. x is where the gradient is taken, z where descent stands,
// and a the mean:
//
//	z = z - lr*g
//	a = a + c*(z-a)
//	x = a + (1-beta)*(z-a)
//
// c is the square of the largest rate so far over the sum of those squares, 1/t with a constant rate. With WarmUp, a
// number of steps W that is not 0, the rate of step t <= W is lr*t/W. x is the paper's y, and a its x. The model to
// use is a, which [Optimizer.State] returns; x, which training moves, is close to it.
//
// Decoupled weight decay subtracts lr*wd*x from z, as in the paper's algorithm: x itself is not shrunk.
//
// State: z and a, together two elements per parameter, which start from the parameters at the first step, and numbers
// of the group, rate and sum.
type ScheduleFreeSGD struct {
	LR          float64 // required
	Beta        float64 // in [0, 1); default 0.9
	WarmUp      float64 // steps; default 0
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c ScheduleFreeSGD) Spec() *Spec {
	s := NewSpec("ScheduleFreeSGD", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.Value("Beta", &c.Beta, 0.9, 1)
	s.Value("WarmUp", &c.WarmUp, 0, math.Inf(1))
	return Bind(s, &c, stepScheduleFreeSGD[float32], stepScheduleFreeSGD[float64])
}

func stepScheduleFreeSGD[T kernels.Float](s *Setup[T], h *ScheduleFreeSGD) func(*Update[T]) {
	f := newScheduleFree(s, h.WarmUp)
	return func(u *Update[T]) {
		lr, weight := f.begin(u)
		c := kernels.NewScheduleFree[T](kernels.ScheduleFreeHyper{LR: lr, Beta: h.Beta, Weight: weight,
			Decay: decayAlone(&u.Prelude, float64(lr*h.WeightDecay))})
		c.Prelude = u.Prelude
		u.checked.ScheduleFreeEach(u.X, f.z, f.a, u.G, c)
	}
}

// ScheduleFreeAdam is [ScheduleFreeSGD] whose gradient is divided by the root of a mean of its square, the kernel
// [kernels.ScheduleFreeAdam]:
//
//	v = beta2*v + (1-beta2)*g^2
//	z = z - (lr*g) / (sqrt(v/(1-beta2^t)) + eps)
//	a = a + c*(z-a)
//	x = a + (1-beta)*(z-a)
//
// Source: Defazio et al. (2024), algorithm 1, with the bias correction of its authors' code, whose AdamWScheduleFree
// this is with Decoupled.
//
// State: z, a and v, together three elements per parameter, and numbers of the group, rate and sum.
type ScheduleFreeAdam struct {
	LR          float64 // default 0.0025
	Beta        float64 // in [0, 1); default 0.9
	Beta2       float64 // in [0, 1); default 0.999
	Eps         float64 // default 1e-8
	WarmUp      float64 // steps; default 0
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c ScheduleFreeAdam) Spec() *Spec {
	s := NewSpec("ScheduleFreeAdam", &c.LR, 0.0025, &c.WeightDecay, c.Decoupled)
	s.Value("Beta", &c.Beta, 0.9, 1)
	s.Value("Beta2", &c.Beta2, 0.999, 1)
	s.Value("Eps", &c.Eps, 1e-8, math.Inf(1))
	s.Value("WarmUp", &c.WarmUp, 0, math.Inf(1))
	return Bind(s, &c, stepScheduleFreeAdam[float32], stepScheduleFreeAdam[float64])
}

func stepScheduleFreeAdam[T kernels.Float](s *Setup[T], h *ScheduleFreeAdam) func(*Update[T]) {
	f, v := newScheduleFree(s, h.WarmUp), s.Like("v", 0)
	return func(u *Update[T]) {
		lr, weight := f.begin(u)
		c := kernels.NewScheduleFreeAdam[T](kernels.ScheduleFreeAdamHyper{LR: lr, Beta: h.Beta, Beta2: h.Beta2,
			Eps: h.Eps, Weight: weight, Decay: decayAlone(&u.Prelude, float64(lr*h.WeightDecay))}, u.Step)
		c.Prelude = u.Prelude
		u.checked.ScheduleFreeAdamEach(u.X, f.z, f.a, v, u.G, c)
	}
}

// scheduleFree is what both have.
type scheduleFree[T kernels.Float] struct {
	z, a      [][]T
	rate, sum *float64 // the largest rate, and the sum of its squares, a term for each step
	warmUp    float64
}

func newScheduleFree[T kernels.Float](s *Setup[T], warmUp float64) scheduleFree[T] {
	return scheduleFree[T]{s.Like("z", 0), s.Like("a", 0), s.Number("rate"), s.Number("sum"), warmUp}
}

// begin returns the rate of a step, and the weight of its z in the mean. A rate of 0 has no weight.
func (f *scheduleFree[T]) begin(u *Update[T]) (lr, weight float64) {
	if u.Step == 1 {
		for i, x := range u.X {
			copy(f.z[i], x)
			copy(f.a[i], x)
		}
	}
	lr = u.LR
	if part := float64(u.Step) / f.warmUp; part < 1 {
		lr *= part
	}
	*f.rate = max(*f.rate, lr)
	square := float64(*f.rate * *f.rate)
	if *f.sum += square; square == 0 {
		return lr, 0
	}
	return lr, square / *f.sum
}

// decayAlone takes decoupled weight decay out of a prelude, and returns decay if it was there, for steps that have it
// in lines of their own.
func decayAlone[T kernels.Float](p *kernels.Prelude[T], decay float64) float64 {
	if p.Use&kernels.UseKeep == 0 {
		return 0
	}
	p.Use &^= kernels.UseKeep
	return decay
}
