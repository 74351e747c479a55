package optim

import (
	"strconv"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// A tensor is a slice to save, by its name in the file.
type tensor[T kernels.Float] struct {
	name string
	s    []T
}

func putTensors[T kernels.Float](c *checkpoint.File, prefix string, tensors []tensor[T]) {
	for _, t := range tensors {
		checkpoint.Put(c, prefix+t.name, []int{len(t.s)}, t.s)
	}
}

// getTensors reads what putTensors wrote, into new slices.
func getTensors[T kernels.Float](c *checkpoint.File, prefix string, tensors []tensor[T]) (read [][]T, err error) {
	for _, t := range tensors {
		s, err := checkpoint.Get[T](c, prefix+t.name, []int{len(t.s)})
		if err != nil {
			return nil, err
		}
		read = append(read, s)
	}
	return read, nil
}

func setTensors[T kernels.Float](tensors []tensor[T], read [][]T) {
	for i, t := range tensors {
		copy(t.s, read[i])
	}
}

// facts are what cannot change while an optimizer lives.
func (o *Optimizer[T]) facts() (facts checkpoint.Facts) {
	facts.Add("kind", "bitstep optimizer")
	facts.Add("groups", len(o.groups))
	facts.Add("ClipNorm", o.opts.ClipNorm)
	facts.Add("ClipValue", o.opts.ClipValue)
	facts.Add("SkipNonFinite", o.opts.SkipNonFinite)
	facts.Add("Maximize", o.opts.Maximize)
	for i, g := range o.groups {
		key := groupKey(i)
		facts.Add(key+"name", g.name)
		facts.Add(key+"algorithm", g.spec.name)
		facts.Add(key+"parameters", len(g.x))
		for _, f := range g.spec.flags {
			facts.Add(key+f.name, f.on)
		}
		for _, v := range g.spec.values {
			if v.at != g.spec.lr {
				facts.Add(key+v.name, *v.at)
			}
		}
	}
	return facts
}

func groupKey(i int) string { return "group." + strconv.Itoa(i) + "." }

// tensors are the parameters and states, each named by the index of its parameter.
func (o *Optimizer[T]) tensors() (all []tensor[T]) {
	for i, x := range o.params {
		all = append(all, tensor[T]{"param." + strconv.Itoa(i), x})
	}
	for _, g := range o.groups {
		for i, name := range g.spec.states {
			for j, s := range g.state[i] {
				all = append(all, tensor[T]{"state." + name + "." + strconv.Itoa(g.first+j), s})
			}
		}
	}
	return all
}

// Snapshot adds to c all that a resumed run needs: parameters, as tensors "param.0", "param.1", ..., and
// states, as "state.m.0" and so on, in the order of the parameters; as metadata the algorithms,
// hyperparameters and options, the learning rates, the gradient scale, and the counts of steps. All
// names start with prefix. The schedule, backend and threads are not part of it.
func (o *Optimizer[T]) Snapshot(c *checkpoint.File, prefix string) {
	c.PutFacts(prefix, o.facts())
	c.SetMetaUint(prefix+"steps", o.steps)
	c.SetMetaUint(prefix+"skipped", o.skipped)
	c.SetMetaFloat(prefix+"scale", o.scale)
	for i, g := range o.groups {
		c.SetMetaFloat(prefix+groupKey(i)+"LR", *g.spec.lr)
	}
	putTensors(c, prefix, o.tensors())
}

// Restore gives the optimizer what Snapshot added under the prefix, so that the run continues, to the
// bit, as if it had not stopped. What can be set on a living optimizer is set: learning rates, gradient
// scale, counts of steps, parameters and states. Everything else must be equal, and otherwise is an
// error: element type, number and lengths of parameters, groups and their names, algorithms, all other
// hyperparameters, options. The caller sets the schedule, as for any new optimizer. On an error nothing
// has changed.
func (o *Optimizer[T]) Restore(c *checkpoint.File, prefix string) error {
	if err := c.CheckFacts(prefix, o.facts()); err != nil {
		return err
	}
	steps, err := c.MetaUint(prefix + "steps")
	if err != nil {
		return err
	}
	skipped, err := c.MetaUint(prefix + "skipped")
	if err != nil {
		return err
	}
	scale, err := c.MetaFloat(prefix + "scale")
	if err != nil {
		return err
	}
	if s := T(scale); s-s != 0 {
		return c.Errorf("metadata %q = %v, want a finite %T", prefix+"scale", scale, s)
	}
	rates := make([]float64, len(o.groups))
	for i := range rates {
		key := prefix + groupKey(i) + "LR"
		if rates[i], err = c.MetaFloat(key); err != nil {
			return err
		}
		if err := checkLR[T](rates[i]); err != nil {
			return c.Errorf("metadata %q %w", key, err)
		}
	}
	tensors := o.tensors()
	read, err := getTensors(c, prefix, tensors)
	if err != nil {
		return err
	}

	o.steps, o.skipped, o.scale, o.norm = steps, skipped, scale, 0
	for i, g := range o.groups {
		*g.spec.lr = rates[i]
	}
	setTensors(tensors, read)
	return nil
}

// Save writes a file with what Snapshot adds, atomically: see [checkpoint.File.WriteFile].
func (o *Optimizer[T]) Save(path string) error {
	c := checkpoint.New()
	o.Snapshot(c, "")
	return c.WriteFile(path)
}

// Load restores what Save wrote. On an error nothing has changed.
func (o *Optimizer[T]) Load(path string) error {
	c, err := checkpoint.Read(path)
	if err != nil {
		return err
	}
	return o.Restore(c, "")
}

func (e *EMA[T]) facts() (facts checkpoint.Facts) {
	facts.Add("kind", "bitstep EMA")
	facts.Add("parameters", len(e.params))
	facts.Add("Decay", e.config.Decay)
	facts.Add("BiasCorrection", e.config.BiasCorrection)
	facts.Add("WarmUp", e.config.WarmUp)
	return facts
}

func (e *EMA[T]) tensors() (all []tensor[T]) {
	for i, s := range e.avg {
		all = append(all, tensor[T]{"average." + strconv.Itoa(i), s})
	}
	return all
}

// Snapshot adds the average to c, as tensors "average.0", "average.1", ..., its configuration and the
// count of updates, all below the prefix. The parameters are not part of it; so that nobody takes the
// average for them, a snapshot while swapped is a mistake, which c returns when it is written.
func (e *EMA[T]) Snapshot(c *checkpoint.File, prefix string) {
	if e.swapped {
		c.Fail("EMA: Snapshot between Swap and Swap, while the parameters hold the average")
		return
	}
	c.PutFacts(prefix, e.facts())
	c.SetMetaUint(prefix+"updates", e.updates)
	putTensors(c, prefix, e.tensors())
}

// Restore gives the average what Snapshot added under the prefix. Element type, number and lengths of
// parameters and the configuration must be the same; otherwise, and while swapped, it returns an error
// and nothing has changed.
func (e *EMA[T]) Restore(c *checkpoint.File, prefix string) error {
	if e.swapped {
		return c.Errorf("EMA: Restore between Swap and Swap, while the parameters hold the average")
	}
	if err := c.CheckFacts(prefix, e.facts()); err != nil {
		return err
	}
	updates, err := c.MetaUint(prefix + "updates")
	if err != nil {
		return err
	}
	tensors := e.tensors()
	read, err := getTensors(c, prefix, tensors)
	if err != nil {
		return err
	}
	e.updates = updates
	setTensors(tensors, read)
	return nil
}
