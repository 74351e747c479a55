package golden

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/check"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// A Trajectory is one line of testdata/trajectories.txt: what an optimizer makes of fixed parameters in
// TrajectorySteps steps on fixed gradients.
type Trajectory struct {
	optim.Setting
	Type    string           // float32 or float64
	Average *optim.EMAConfig // hashed too
}

// TrajectorySteps is how many steps a trajectory takes.
const TrajectorySteps = 1000

// String is the trajectory's name in the file.
func (t Trajectory) String() string { return t.Name + " " + t.Type }

// Trajectories lists the lines of testdata/trajectories.txt: the settings of all algorithms, and averages.
func Trajectories() (all []Trajectory) {
	sgd := optim.SGD{LR: 0.05}
	for _, typ := range []string{"float32", "float64"} {
		for _, a := range optim.Algorithms() {
			for _, s := range a.Settings {
				all = append(all, Trajectory{Setting: s, Type: typ})
			}
		}
		for _, average := range []struct {
			name   string
			config optim.EMAConfig
		}{
			{"EMA", optim.EMAConfig{Decay: 0.9}},
			{"EMA/unbiased", optim.EMAConfig{BiasCorrection: true}},
			{"EMA/warm-up", optim.EMAConfig{WarmUp: true}},
			{"EMA/mean", optim.EMAConfig{Mean: true, Start: 100, Every: 3}},
		} {
			all = append(all, Trajectory{optim.Setting{Name: average.name, Config: sgd}, typ, &average.config})
		}
	}
	return all
}

// Follow returns the trajectory's hash on a backend: of the parameters every 100 steps, and of the states
// and averages at the end. An error is a value that is not finite.
func (t Trajectory) Follow(b bitstep.Backend) (string, error) {
	if t.Type == "float32" {
		return follow[float32](t, b)
	}
	return follow[float64](t, b)
}

func follow[T kernels.Float](t Trajectory, b bitstep.Backend) (string, error) {
	k := bitstep.On[T](b)
	params, grads := NewParams[T](), NewParams[T]()
	opt, err := optim.NewGroups(t.Options, optim.Group[T]{Config: t.Config, Params: params, Shapes: paramShapes})
	if err != nil {
		return "", err
	}
	opt.SetEngine(k)
	if t.GradScale != 0 {
		if err := opt.SetGradScale(t.GradScale); err != nil {
			return "", err
		}
	}
	at := params
	if t.LookAhead {
		at = NewParams[T]()
	}
	var ema *optim.EMA[T]
	if t.Average != nil {
		if ema, err = optim.NewEMA(*t.Average, params...); err != nil {
			return "", err
		}
		ema.SetEngine(k)
	}
	h := sha256.New()
	for opt.Steps() < TrajectorySteps {
		if t.LookAhead {
			opt.LookAhead(at...)
		}
		FillGradients(opt.Steps(), at, grads)
		if !opt.Step(grads...) {
			return "", fmt.Errorf("%v: step %d was skipped", t, opt.Steps())
		}
		if ema != nil {
			ema.Update()
		}
		if opt.Steps()%100 == 0 {
			for _, x := range params {
				if !k.AllFinite(x) {
					return "", fmt.Errorf("%v: parameters are not finite after step %d", t, opt.Steps())
				}
				write(h, x)
			}
		}
	}
	writeStates(h, opt)
	if ema != nil {
		for _, s := range ema.Averages() {
			write(h, s)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// paramShapes are those of NewParams: matrices that are wide, and tall.
var paramShapes = [][]int{{5, 8}, {1}, {0, 3}, {13, 2}}

// writeStates hashes all states of an optimizer: names of one letter before longer ones, and from z to a.
func writeStates[T kernels.Float](h hash.Hash, opt *optim.Optimizer[T]) {
	c := checkpoint.New()
	opt.Snapshot(c, "")
	var names []string
	for _, tensor := range c.Names() {
		if state, ok := strings.CutPrefix(tensor, "state."); ok {
			names = append(names, state[:strings.LastIndexByte(state, '.')])
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(b, a)) })
	for _, name := range slices.Compact(names) {
		for i := range opt.Params() {
			t, _ := c.Tensor(fmt.Sprintf("state.%s.%d", name, i))
			n, _ := check.Elements(t.Shape)
			binary.Write(h, binary.LittleEndian, n)
			h.Write(t.Data)
		}
	}
}

// NewParams returns the parameters that trajectories start from: several tensors of whole vectors and
// tails, of a single element, and of none.
func NewParams[T kernels.Float]() [][]T {
	var params [][]T
	for i, n := range []int{40, 1, 0, 26} {
		x := make([]T, n)
		for j := range x {
			x[j] = T(T((7*i+11*j)%32)/16) - 1
		}
		params = append(params, x)
	}
	return params
}

// FillGradients stores the gradients of double wells that are coupled to their neighbours and shaken from
// step to step: for each tensor, the sum over i of
//
//	(x[i]^2 - a[i])^2/4 + x[i]*x[i+1]/8 + e[i]*x[i]
//
// a[i] is in [1/2, 3/2), and e[i] in [-1/4, 1/4) depends on the step. Every operation rounds to T.
func FillGradients[T kernels.Float](step uint64, params, grads [][]T) {
	for t, x := range params {
		g := grads[t]
		for i, v := range x {
			a := T(T((5*i+3*t)%16)/16) + 0.5
			e := T(T((37*uint64(i)+101*step)%64)/128) - 0.25
			var beside T
			if i > 0 {
				beside = x[i-1]
			}
			if i+1 < len(x) {
				beside += x[i+1]
			}
			well := T(v * (T(v*v) - a))
			g[i] = (well + T(beside*0.125)) + e
		}
	}
}
