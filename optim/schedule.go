package optim

// A Schedule changes the learning rate from step to step. Factor is a pure function of the number of
// steps taken before: lr_t = LR*Factor(t), t = 0 at the first step. It returns 0 or a positive number.
type Schedule interface {
	Factor(step uint64) float64
}
