package optim

import (
	"github.com/bitstep-go/bitstep/kernels"
)

var _ = register(Algorithm{
	Place: 1,
	Names: []Name{{Name: "sgd", Config: func(lr float64) Config { return SGD{LR: lr} }, Rate: 1e-3}},
	Settings: []Setting{
		{Name: "SGD", Config: SGD{LR: 0.05}},
		{Name: "SGD/coupled", Config: SGD{LR: 0.05, WeightDecay: 0.01}},
		{Name: "SGD/decoupled", Config: SGD{LR: 0.05, WeightDecay: 0.01, Decoupled: true}},
		{Name: "SGD/clipped", Config: SGD{LR: 0.05}, Options: clippedSetting, GradScale: 3},
		{Name: "SGD/maximize", Config: SGD{LR: 0.05}, Options: Options{Maximize: true}, GradScale: -0.5},
	},
	Torch: []Torch{{Case: "SGD", Class: "SGD", Place: 1, Config: SGD{},
		Fields: "lr=LR weight_decay=WeightDecay", Given: []string{
			"lr=0.01",
			"lr=0.01 weight_decay=0.1",
			"lr=0.01 weight_decay=0.1 maximize=True",
			"lr=0.01 lr2=0.003",
			"lr=0.01 clip_value=0.25",
			"lr=0.01 clip_norm=0.5 weight_decay=0.1",
			"lr=0.01 clip_norm=3",
		}}},
})

// SGD is gradient descent, the kernel [kernels.SGD]:
//
//	x = x - lr*g
//
// It is the lecture's vanilla gradient descent where g is the gradient over all data, and minibatch
// (stochastic) gradient descent where g is that of a minibatch.
//
// State: none.
type SGD struct {
	LR          float64 // required
	WeightDecay float64 // default 0
	Decoupled   bool
}

// Spec is for package optim: see [Config].
func (c SGD) Spec() *Spec {
	s := NewSpec("SGD", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	s.OnePass()
	return Bind(s, &c, stepSGD[float32], stepSGD[float64])
}

func stepSGD[T kernels.Float](*Setup[T], *SGD) func(*Update[T]) {
	return func(u *Update[T]) {
		c := kernels.NewSGD[T](kernels.SGDHyper{LR: u.LR})
		u.SGD(c)
	}
}
