package schedule

import (
	"fmt"
	"math"

	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/kernels"
)

// A CycleMode says how the height of [Cyclic]'s triangles changes.
type CycleMode uint8

const (
	Triangular  CycleMode = iota // not at all
	Triangular2                  // half of the last cycle's
	ExpRange                     // gamma^t
)

// Cyclic lets the rate rise from LR*low to LR over up steps and fall back over down steps, again and
// again; LR is the highest rate and low in [0, 1]. With p the fraction of the way up or down (from 0 at the
// bottom to 1 at the top) and the cycles counted from 0,
//
//	f = low + (1 - low) p h,   h = 1, 1/2^cycle or gamma^t
//
// gamma in (0, 1] counts in the mode ExpRange only. Source: Smith, Cyclical learning rates (2017). In PyTorch:
// CyclicLR with base_lr = LR*low and max_lr = LR, which also cycles the momentum; here momentum stays.
func Cyclic(low float64, up, down uint64, mode CycleMode, gamma float64) (Schedule, error) {
	err := fail("Cyclic", check.In("low", low, 0, 1, check.Closed), check.AtLeast("up", up, 1),
		check.AtLeast("down", down, 1))
	switch {
	case err != nil:
		return nil, err
	case mode > ExpRange:
		return nil, fmt.Errorf("schedule: Cyclic: mode = %d, want Triangular, Triangular2 or ExpRange", mode)
	case up > math.MaxUint64-down:
		return nil, fmt.Errorf("schedule: Cyclic: up = %d and down = %d, want at most %d together", up, down,
			uint64(math.MaxUint64))
	case mode == ExpRange:
		if err := fail("Cyclic", check.In("gamma", gamma, 0, 1, check.OpenLow)); err != nil {
			return nil, err
		}
	}
	return Func(func(t uint64) float64 {
		at := t % (up + down)
		p := progress(at, up)
		if at > up {
			p = remaining(at-up, down)
		}
		height := 1.0
		switch mode {
		case Triangular2:
			height = kernels.PowInt(0.5, t/(up+down))
		case ExpRange:
			height = kernels.PowInt(gamma, t)
		}
		return mix(low, 1, float64(p*height))
	}), nil
}
