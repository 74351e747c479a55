package optim

import "github.com/bitstep-go/bitstep/kernels"

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

func (c SGD) spec() *spec {
	s := newSpec("SGD", &c.LR, 0, &c.WeightDecay, c.Decoupled)
	return bind(s, &c, stepSGD[float32], stepSGD[float64])
}

func stepSGD[T kernels.Float](u *update[T], _ *SGD) {
	c := kernels.NewSGD[T](kernels.SGDHyper{LR: u.lr})
	c.Prelude = u.prelude
	for i, x := range u.x {
		u.k.SGD(x, u.g[i], c)
	}
}
