package optim

import (
	"math"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 18,
	Names: []Name{{Name: "sparse-adam", About: "of rows with a gradient",
		Config: func(lr float64) Config { return SparseAdam{LR: lr} }, Rate: 3e-4}},
	Settings: []Setting{{Name: "SparseAdam", Config: SparseAdam{LR: 0.01}}},
	Torch: []Torch{{Case: "SparseAdam", Class: "SparseAdam", Place: 14, Config: SparseAdam{},
		Fields: "lr=LR beta1=Beta1 beta2=Beta2 eps=Eps", Given: []string{
			"lr=0.01 beta1=0.9 beta2=0.999 eps=1e-8",
			"lr=0.01 beta1=0.5 beta2=0.9 eps=0.01 maximize=True",
		}}},
})

// SparseAdam is [Adam] of the rows that have a gradient, for tables of which a step uses few rows (embeddings): one
// whose gradient is 0 in all elements keeps its parameters and means as they are, as in torch.optim.SparseAdam rows
// that the gradient does not list. A row is what the first dimension counts: see Group.Shapes, without which it is an
// element. Of rows with a gradient, the kernel [kernels.Adam]:
//
//	m = beta1*m + (1-beta1)*g
//	v = beta2*v + ((1-beta2)*g)*g
//	x = x - (alpha*m)/(sqrt(v)+eps)
//
// with alpha = lr*sqrt(1-beta2^t)/(1-beta1^t), where step t = 1, 2, ... is the optimizer's, not the row's. Weight
// decay, too, is of rows with a gradient. A step reads the whole gradient, and no more of the rest than rows with one.
//
// State: m and v, together two elements per parameter.
type SparseAdam struct {
	LR          float64 // default 1e-3
	Beta1       float64 // in [0, 1); default 0.9
	Beta2       float64 // in [0, 1); default 0.999
	Eps         float64 // default 1e-8
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c SparseAdam) Spec() *Spec {
	s := NewSpec("SparseAdam", &c.LR, 1e-3, &c.WeightDecay, c.Decoupled)
	s.Value("Beta1", &c.Beta1, 0.9, 1)
	s.Momentum(&c.Beta1)
	s.Value("Beta2", &c.Beta2, 0.999, 1)
	s.Value("Eps", &c.Eps, 1e-8, math.Inf(1))
	return Bind(s, &c, stepSparseAdam[float32], stepSparseAdam[float64])
}

func stepSparseAdam[T kernels.Float](s *Setup[T], h *SparseAdam) func(*Update[T]) {
	m, v := s.Like("m", 0), s.Like("v", 0)
	shapes := s.Shapes()
	return func(u *Update[T]) {
		unbias := math.Sqrt(1 - kernels.PowInt(h.Beta2, u.Step))
		alpha := float64(u.LR*unbias) / (1 - kernels.PowInt(h.Beta1, u.Step))
		c := kernels.NewAdamAlmost[T](kernels.AdamHyper{LR: alpha, Beta1: h.Beta1, Beta2: h.Beta2, Eps: h.Eps})
		c.Prelude = u.Prelude
		for i, g := range u.G {
			size := 1 // of a row
			if len(g) > 0 && len(shapes[i]) > 0 {
				size = len(g) / shapes[i][0]
			}
			for at, end := 0, 0; at < len(g); at = end {
				end = at
				for end < len(g) && anyOf(u.Engine, g[end:end+size]) { // rows that follow one another
					end += size
				}
				if end > at {
					u.checked.Adam(u.X[i][at:end], m[i][at:end], v[i][at:end], g[at:end], c)
				} else {
					end += size
				}
			}
		}
	}
}

// anyOf reports whether any element is not 0.
func anyOf[T kernels.Float](e bitstep.Engine[T], row []T) bool {
	return row[0] != 0 || len(row) > 1 && e.MaxAbs(row) != 0
}
