package optim

import (
	"math"

	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 43,
	Names: []Name{{Name: "prodigy", About: "which finds its rate; lr is a factor on it",
		Config: func(lr float64) Config { return Prodigy{LR: lr} }, Rate: 1}},
	Settings: []Setting{
		{Name: "Prodigy", Config: Prodigy{}},
		{Name: "Prodigy/decoupled", Config: Prodigy{WeightDecay: 0.01, Decoupled: true, Distance: 1e-4},
			Options: clippedSetting},
	},
})

// Prodigy is [Adam] whose rate is lr times an estimate d of the distance from the first parameters to a solution
// (Mishchenko and Defazio, Prodigy: An Expeditiously Adaptive Parameter-Free Learner, 2023, algorithm 4). With the
// products and norms over all parameters of the group, r = sqrt(beta2), and start the first parameters,
//
//	n = r*n + (1-r) * lr*d^2 * <g, start-x>
//	s = r*s + (1-r) * lr*d^2 * g
//	m = beta1*m + (1-beta1) * d*g
//	v = beta2*v + (1-beta2) * d^2*g^2
//	x = x - lr*d*m / (sqrt(v) + d*eps)
//	d = max(d, n/|s|_1)
//
// The order of the sums is that of [kernels.Dot] and [kernels.SumAbs] for each parameter, and of the parameters, in
// float64, for all. Decoupled weight decay shrinks x by 1-lr*d*wd, as in the authors' code. The kernel of x is
// [kernels.Adam]; the rest takes three more passes, and scratch memory twice the largest parameter's size.
//
// State: m, v, s and start, together four elements per parameter, and numbers of the group, d and n.
type Prodigy struct {
	LR          float64 // default 1
	Beta1       float64 // in [0, 1); default 0.9
	Beta2       float64 // in [0, 1); default 0.999
	Eps         float64 // default 1e-8
	Distance    float64 // the first d; default 1e-6
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c Prodigy) Spec() *Spec {
	s := NewSpec("Prodigy", &c.LR, 1, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.999, 1)
	s.Value("Eps", &c.Eps, 1e-8, math.Inf(1))
	s.Value("Distance", &c.Distance, 1e-6, math.Inf(1))
	if c.Distance == 0 { // where all steps would be 0/0
		s.fail("Distance = 0, want in (0, +Inf)")
	}
	return Bind(s, &c, stepProdigy[float32], stepProdigy[float64])
}

func stepProdigy[T kernels.Float](setup *Setup[T], h *Prodigy) func(*Update[T]) {
	m, v, s, start := setup.Like("m", 0), setup.Like("v", 0), setup.Like("s", 0), setup.Like("start", 0)
	found, numerator := setup.Number("d"), setup.Number("n")
	setup.Scratch(2 * setup.longest())
	return func(u *Update[T]) {
		if u.Step == 1 {
			*found = h.Distance
			for i, x := range u.X {
				copy(start[i], x)
			}
		}
		d := *found
		square, r := float64(d*d), math.Sqrt(h.Beta2)
		part := float64(float64((1-r)*u.LR) * square)
		rate := float64(d * u.LR)
		decay := decayAlone(&u.Prelude, float64(rate*h.WeightDecay))
		// alpha*m with a corrected alpha is not the paper's: it has none.
		c := kernels.NewAdamAlmost[T](kernels.AdamHyper{LR: rate, Beta1: h.Beta1, Beta2: h.Beta2,
			Eps: float64(d * h.Eps)})
		c.OneMinusBeta1, c.OneMinusBeta2 = T(float64((1-h.Beta1)*d)), T(float64((1-h.Beta2)*square))
		product, size := 0.0, 0.0
		for i, x := range u.X {
			g, off := u.Scratch[:len(x)], u.Scratch[len(x):2*len(x)]
			u.gradient(i, 0, g)
			u.checked.Sub(off, start[i], x)
			product += float64(u.checked.Dot(g, off))
			u.checked.Axpby(s[i], g, T(part), T(r))
			size += float64(u.checked.SumAbs(s[i]))
			if decay != 0 {
				u.checked.Scale(x, T(1-decay))
			}
			u.checked.Adam(x, m[i], v[i], g, c)
		}
		*numerator = float64(r**numerator) + float64(part*product)
		if size > 0 {
			*found = max(d, *numerator/size)
		}
	}
}
