package optim

import (
	"fmt"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// Parameters and gradients in bfloat16.

// tensors are parameters or gradients, each in the one or the other list.
type tensors[T kernels.Float] struct {
	whole  [][]T
	halves [][]kernels.BFloat16 // nil: none are; else of the length of whole, nil where that has the elements
	// In which halves are widened: whole chunks of rule 7, or all of the longest. Without assembly operands escape:
	// what this points to does, which is on the heap, and no list in whole, which may be on the stack.
	buffer *[]T
}

// newTensors returns n that are nil, and a buffer for those in bfloat16, of which the longest has so many elements; -1:
// none are.
func newTensors[T kernels.Float](n, longest int) tensors[T] {
	buffer := mem.Aligned[T](max(0, min(longest, piece)))
	t := tensors[T]{whole: make([][]T, n), buffer: &buffer}
	if longest >= 0 {
		t.halves = make([][]kernels.BFloat16, n)
	}
	return t
}

func (t tensors[T]) isHalf(i int) bool { return t.halves != nil && t.halves[i] != nil }

func (t tensors[T]) len(i int) int {
	if t.isHalf(i) {
		return len(t.halves[i])
	}
	return len(t.whole[i])
}

// of is n tensors from i on.
func (t tensors[T]) of(i, n int) tensors[T] {
	t.whole = t.whole[i : i+n : i+n]
	if t.halves != nil {
		t.halves = t.halves[i : i+n : i+n]
	}
	return t
}

// take has tensors be those of a list.
func (t tensors[T]) take(list []kernels.Stored) {
	for i, s := range list {
		if s.BFloat16 != nil {
			t.halves[i] = s.BFloat16
		} else {
			t.whole[i] = any(s.Float32).([]T)
		}
	}
}

// forget lets go of all tensors.
func (t tensors[T]) forget() {
	clear(t.whole)
	clear(t.halves)
}

// part returns elements of tensor i from lo on: all, or those that are widened in the buffer until it is used again.
func (t tensors[T]) part(k bitstep.Engine[T], i, lo int) []T {
	if !t.isHalf(i) {
		return t.whole[i][lo:]
	}
	dst := (*t.buffer)[:min(t.len(i)-lo, len(*t.buffer))]
	t.copy(k, dst, i, lo)
	return dst
}

// copy stores elements of tensor i from lo on.
func (t tensors[T]) copy(k bitstep.Engine[T], dst []T, i, lo int) {
	if t.isHalf(i) {
		narrowed(k).FromBFloat16(any(dst).([]float32), t.halves[i][lo:lo+len(dst)])
	} else {
		copy(dst, t.whole[i][lo:])
	}
}

// stored is tensor i, which is of float32 or bfloat16.
func (t tensors[T]) stored(i int) kernels.Stored {
	if t.isHalf(i) {
		return kernels.Stored{BFloat16: t.halves[i]}
	}
	return kernels.Stored{Float32: any(t.whole[i]).([]float32)}
}

// sumSquares is [kernels.SumSquares] of tensor i, with all its bits: parts are chunks of rule 7.
func (t tensors[T]) sumSquares(k bitstep.Engine[T], i int) (sum T) {
	for lo := 0; lo < t.len(i); {
		part := t.part(k, i, lo)
		sum += k.SumSquares(part)
		lo += len(part)
	}
	return sum
}

func (t tensors[T]) maxAbs(k bitstep.Engine[T], i int) (top T) {
	for lo := 0; lo < t.len(i); {
		part := t.part(k, i, lo)
		two := [...]T{top, k.MaxAbs(part)}
		top = kernels.MaxAbs(two[:]) // which is NaN if one is
		lo += len(part)
	}
	return top
}

// checkParams returns an error unless a group has parameters of one kind, and that there is with T.
func checkParams[T kernels.Float](g Group[T]) error {
	switch {
	case len(g.Params) > 0 && len(g.Weights) > 0:
		return fmt.Errorf("both Params and Weights, want one of them")
	case len(g.Params)+len(g.Weights) == 0:
		return fmt.Errorf("no parameters, want at least one slice")
	case len(g.Weights) > 0 && !num.Is32[T]():
		return fmt.Errorf("Weights in an optimizer of float64, want float32")
	}
	return nil
}

// addParams takes a group's parameters.
func (o *Optimizer[T]) addParams(g Group[T]) {
	for _, x := range g.Params {
		o.params, o.weights, o.lengths = append(o.params, x), append(o.weights, nil), append(o.lengths, len(x))
	}
	for _, w := range g.Weights {
		if w == nil {
			w = []kernels.BFloat16{} // nil is what a parameter of type T has
		}
		o.params, o.weights, o.lengths = append(o.params, nil), append(o.weights, w), append(o.lengths, len(w))
	}
}

// split gives groups their parameters, and weights their masters.
func (o *Optimizer[T]) split() error {
	masters := 0
	for i := range o.groups {
		g := &o.groups[i]
		end := g.first + len(g.lengths)
		g.x = o.params[g.first:end]
		if o.weights[g.first] == nil {
			continue
		}
		g.w = o.weights[g.first:end]
		if !o.opts.Master {
			continue
		}
		masters++
		copy(g.x, mem.Together[T](g.lengths))
		for j, x := range g.x {
			narrowed(o.k).FromBFloat16(any(x).([]float32), g.w[j])
			o.regions = append(o.regions, regionOf(x, "master", g.first+j))
		}
		g.wide = mem.Together[T](g.lengths)
	}
	if o.opts.Master && masters == 0 {
		return fmt.Errorf("Master = true without Weights, of which it is a copy")
	}
	return nil
}

// narrow reports whether an operand of a step may be narrow.
func (o *Optimizer[T]) narrow() bool { return o.opts.States != Full || o.hasWeights() }

func (o *Optimizer[T]) hasWeights() bool { return o.longest() >= 0 }

// longest is the elements of the largest of the weights, -1 if there are none.
func (o *Optimizer[T]) longest() int {
	n := -1
	for _, w := range o.weights {
		if w != nil {
			n = max(n, len(w))
		}
	}
	return n
}

// widen widens gradients of weights with a master: steps have assembly for those of the master's type.
func (g *group[T]) widen(k bitstep.Engine[T], grads tensors[T]) {
	of := grads.of(g.first, len(g.lengths))
	for i, wide := range g.wide {
		if of.isHalf(i) {
			of.copy(k, wide, i, 0)
			of.whole[i], of.halves[i] = wide, nil
		}
	}
}

// round rounds weights from their master.
func (g *group[T]) round(k bitstep.Engine[T]) {
	for i, w := range g.w {
		narrowed(k).ToBFloat16(w, any(g.x[i]).([]float32), kernels.Rounding{Nearest: true})
	}
}

// StepStored is [Optimizer.Step] by gradients in float32 or, of [Group.Weights], bfloat16: Stored{BFloat16: g}. Those
// of parameters in float32 are in float32. It allocates nothing.
//
// It panics with the message of what [Optimizer.TryStepStored] returns as an error.
func (o *Optimizer[T]) StepStored(grads ...kernels.Stored) bool {
	taken, err := o.TryStepStored(grads...)
	if err != nil {
		panic(err.Error())
	}
	return taken
}

// TryStepStored is [Optimizer.StepStored] with the errors of [Optimizer.TryStep]. It also is one if parameters are of
// float64, or a gradient has more than one storage, is in blocks, or in bfloat16 where its parameter is not.
func (o *Optimizer[T]) TryStepStored(grads ...kernels.Stored) (taken bool, err error) {
	if !sawGradients(o, grads) {
		if err := o.checkStored(grads); err != nil {
			return false, fmt.Errorf("optim: StepStored: %w", err)
		}
		see(o, grads)
	}
	o.grads.take(grads)
	return o.step()
}

func (o *Optimizer[T]) checkStored(grads []kernels.Stored) error {
	if !num.Is32[T]() {
		return fmt.Errorf("the parameters are of float64, want float32: see Step")
	}
	if err := o.checkCount("gradient", len(grads)); err != nil {
		return err
	}
	for i, g := range grads {
		if g.Block8.Codes != nil || g.Block8.Scales != nil {
			return fmt.Errorf("gradient %d is in 8-bit blocks, want float32 or bfloat16", i)
		}
		var err error
		switch {
		case g.BFloat16 == nil:
			err = checkSlice(o, "gradient", i, g.Float32)
		case g.Float32 != nil:
			err = fmt.Errorf("gradient %d has more than one storage", i)
		case o.weights[i] == nil:
			err = fmt.Errorf("gradient %d is in bfloat16, want float32, which its parameter is in", i)
		default:
			err = checkSlice(o, "gradient", i, g.BFloat16)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Weights returns the parameters in bfloat16, in the order of the gradients, nil where they are of type T.
func (o *Optimizer[T]) Weights() [][]kernels.BFloat16 {
	return append([][]kernels.BFloat16(nil), o.weights...)
}

// SetWeights is [Optimizer.SetParams] for [Group.Weights]; a master stays. In the place of parameters of type T are
// slices without elements. To give weights other values than those of steps, write to their master, too: see
// [Optimizer.Params].
func (o *Optimizer[T]) SetWeights(weights ...[]kernels.BFloat16) error {
	return move(o, "SetWeights", o.weights, weights, func(i int) bool { return o.weights[i] != nil })
}

// move replaces those parameters that are here.
func move[E any, T kernels.Float](o *Optimizer[T], name string, from, to [][]E, here func(i int) bool) error {
	if len(to) != len(o.params) {
		return fmt.Errorf("optim: %s: %d parameters, want %d", name, len(to), len(o.params))
	}
	var regions []region
	for _, r := range o.regions {
		if r.kind != parameter || !here(r.param) {
			regions = append(regions, r)
		}
	}
	for i, x := range to {
		want := 0
		if here(i) {
			want = o.lengths[i]
		}
		if len(x) != want {
			return fmt.Errorf("optim: %s: len(parameter %d) = %d, want %d", name, i, len(x), want)
		}
		regions = append(regions, regionOf(x, parameter, i))
	}
	regions, err := disjoint(regions)
	if err != nil {
		return fmt.Errorf("optim: %s: %w", name, err)
	}
	for i, x := range to {
		if len(x) > 0 { // so that from[i] is of the same kind
			from[i] = x // of which each group has a part
		}
	}
	o.regions, o.seen = regions, o.seen[:0] // gradients are to be checked against them
	return nil
}
