package linear

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/bitstep-go/bitstep/kernels"
)

// SearchConfig says how [RandomSearch] searches. The zero value is the lecture's first strategy.
type SearchConfig struct {
	Tries int     // 0: 1,000
	Scale float64 // of the standard normal numbers that weights are; 0: InitScale, the lecture's 0.0001
	Seed  uint64

	// Progress, unless nil, is called after every try.
	Progress func(Try)
}

// A Try is one guess of random search.
type Try struct {
	Number     int // from 1
	Loss       float64
	Best       float64 // the least loss so far
	BestNumber int     // the try that had it
}

// RandomSearch is the lecture's first strategy of optimization, a bad one: it tries weights at random and
// keeps those with the least loss over the whole set of p, the first of equal ones. A try's weights are
// drawn from a stream that seed and the try's number decide, so results are the same on every machine, and
// the first tries of a longer search are those of a shorter one. A loss that is NaN is never the best.
//
// If ctx is cancelled it returns the context's error with the best weights so far, nil if there are none.
func RandomSearch[T kernels.Float](ctx context.Context, p *Problem[T], c SearchConfig) (*Model[T], Try, error) {
	if c.Tries == 0 {
		c.Tries = 1000
	}
	if c.Scale == 0 {
		c.Scale = InitScale
	}
	if c.Tries < 0 {
		return nil, Try{}, fmt.Errorf("linear: RandomSearch: Tries = %d, want at least 0, which is 1000", c.Tries)
	}
	if notFinite(c.Scale) || c.Scale < 0 {
		return nil, Try{}, fmt.Errorf("linear: RandomSearch: Scale = %v, want a number of at least 0", c.Scale)
	}
	var best *Model[T]
	m, try := NewModel[T](p.Classes(), p.Features()), Try{}
	source := rand.NewChaCha8([32]byte{})
	r := rand.New(source)
	for n := 1; n <= c.Tries; n++ {
		if ctx.Err() != nil {
			return best, try, context.Cause(ctx)
		}
		source.Seed(streamSeed("search", c.Seed, uint64(n)))
		fillNormal(m.W, c.Scale, r)
		try.Number, try.Loss = n, p.Loss(m.W, nil)
		if best == nil && try.Loss == try.Loss || try.Loss < try.Best {
			if best == nil {
				best = NewModel[T](p.Classes(), p.Features())
			}
			best.W, m.W = m.W, best.W
			try.Best, try.BestNumber = try.Loss, n
		}
		if c.Progress != nil {
			c.Progress(try)
		}
	}
	if best == nil {
		return nil, try, fmt.Errorf("linear: RandomSearch: the loss was NaN in each of %d tries", c.Tries)
	}
	return best, try, nil
}
