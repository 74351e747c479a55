package optim

import (
	"fmt"
	"strconv"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// A namedTensor is a tensor by its name in the file.
type namedTensor struct {
	name string
	stored
}

func putTensors(c *checkpoint.File, prefix string, tensors []namedTensor) {
	for _, t := range tensors {
		t.put(c, prefix+t.name)
	}
}

// getTensors reads what putTensors wrote, and returns what sets the tensors to it.
func getTensors(c *checkpoint.File, prefix string, tensors []namedTensor) (set func(), err error) {
	var all []func()
	for _, t := range tensors {
		set, err := t.get(c, prefix+t.name)
		if err != nil {
			return nil, err
		}
		all = append(all, set)
	}
	return func() {
		for _, set := range all {
			set()
		}
	}, nil
}

// facts are what cannot change while an optimizer lives.
func (o *Optimizer[T]) facts() (facts checkpoint.Facts) {
	facts.Add("kind", "bitstep optimizer")
	facts.Add("groups", len(o.groups))
	facts.Add("ClipNorm", o.opts.ClipNorm)
	facts.Add("ClipValue", o.opts.ClipValue)
	facts.Add("SkipNonFinite", o.opts.SkipNonFinite)
	facts.Add("Maximize", o.opts.Maximize)
	if o.narrow() { // files from before there were others lack it
		facts = append(facts, o.storage()...)
	}
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

// storage is how states and weights are stored.
func (o *Optimizer[T]) storage() (facts checkpoint.Facts) {
	facts.Add("States", o.opts.States.String())
	facts.Add("Seed", o.opts.Seed)
	if o.hasWeights() {
		facts.Add("Master", o.opts.Master)
	}
	return facts
}

// givenRate is the key of a rate that SetLR has changed since the optimizer was made with it.
const givenRate = "given LR"

func groupKey(i int) string { return "group." + strconv.Itoa(i) + "." }

// tensors are the parameters and states, each named by the index of its parameter.
func (o *Optimizer[T]) tensors() (all []namedTensor) {
	for _, g := range o.groups {
		for i, x := range g.x {
			t := stored(&tensor[T]{s: x, shape: g.shapes[i]})
			if g.w != nil {
				t = &tensor[kernels.BFloat16]{s: g.w[i], shape: g.shapes[i]}
			}
			all = append(all, namedTensor{"param." + strconv.Itoa(g.first+i), t})
		}
	}
	for _, g := range o.groups {
		if g.w == nil || !o.opts.Master {
			continue
		}
		for i, x := range g.x {
			all = append(all, namedTensor{"master." + strconv.Itoa(g.first+i), &tensor[T]{s: x, shape: g.shapes[i]}})
		}
	}
	for _, g := range o.groups {
		for _, state := range g.states {
			for i, t := range state.tensors {
				all = append(all, namedTensor{"state." + state.name + "." + strconv.Itoa(g.first+i), t})
			}
		}
	}
	return all
}

// Snapshot adds to c all that a resumed run needs: parameters, as tensors "param.0", "param.1", ..., and
// states, as "state.m.0" and so on, in the order of the parameters, and masters as "master.0"; as metadata the
// algorithms, hyperparameters and options, the learning rates, the gradient scale, and the counts of steps. All
// names start with prefix. The schedule, backend and threads are not part of it.
func (o *Optimizer[T]) Snapshot(c *checkpoint.File, prefix string) {
	c.PutFacts(prefix, o.facts())
	c.SetMetaUint(prefix+"steps", o.steps)
	c.SetMetaUint(prefix+"skipped", o.skipped)
	c.SetMetaFloat(prefix+"scale", o.scale)
	for i, g := range o.groups {
		c.SetMetaFloat(prefix+groupKey(i)+"LR", *g.spec.lr)
		if g.spec.lrGiven && g.rate != *g.spec.lr {
			c.SetMetaFloat(prefix+groupKey(i)+givenRate, g.rate)
		}
	}
	putTensors(c, prefix, o.tensors())
}

// A RateError says that an optimizer was made with another learning rate than the one that is to be restored.
type RateError struct {
	Group        int
	Saved, Given float64 // what the saved optimizer was made with, and this one
	err          error
}

// Error names the file, its metadata and both rates.
func (e *RateError) Error() string { return e.err.Error() }

// Restore gives the optimizer what Snapshot added under the prefix, so that the run continues, to the
// bit, as if it had not stopped. Counts of steps, gradient scale, parameters and states are set. The rest must be
// as in the file, and otherwise is an error that names the field and both values: element type, number, lengths and
// shapes of parameters, groups and their names, options, algorithms and every hyperparameter, be it given or a
// default. Of the learning rate that holds where the caller gave one: it must be the rate that the saved optimizer
// was made with, or the error has a [RateError]. One that [Optimizer.SetLR] had changed since is restored as it was;
// to go on with yet another, call SetLR after Restore. The caller sets the schedule, as for any new optimizer. On an
// error nothing has changed.
func (o *Optimizer[T]) Restore(c *checkpoint.File, prefix string) error {
	if err := c.CheckFacts(prefix, o.facts()); err != nil {
		return err
	}
	if _, ok := c.Meta(prefix + "States"); ok && !o.narrow() {
		if err := c.CheckFacts(prefix, o.storage()); err != nil {
			return err
		}
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
	if err := o.checkScale(scale); err != nil {
		return c.Errorf("metadata %q: %w", prefix+"scale", err)
	}
	rates := make([]float64, len(o.groups))
	for i, g := range o.groups {
		key := prefix + groupKey(i)
		if rates[i], err = c.MetaFloat(key + "LR"); err != nil {
			return err
		}
		if err := checkLR[T](rates[i]); err != nil {
			return c.Errorf("metadata %q: %w", key+"LR", err)
		}
		if !g.spec.lrGiven {
			continue
		}
		given, saved := "LR", rates[i]
		if _, changed := c.Meta(key + givenRate); changed {
			given = givenRate
			if saved, err = c.MetaFloat(key + given); err != nil {
				return err
			}
		}
		facts := checkpoint.Facts{}
		facts.Add(given, g.rate)
		if err := c.CheckFacts(key, facts); err != nil {
			return fmt.Errorf("%w: resume with the file's and change it by SetLR", &RateError{i, saved, g.rate, err})
		}
	}
	set, err := getTensors(c, prefix, o.tensors())
	if err != nil {
		return err
	}

	o.steps, o.skipped, o.scale, o.norm = steps, skipped, scale, 0
	for i, g := range o.groups {
		*g.spec.lr = rates[i]
	}
	set()
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
	if e.config.Mean || e.config.Start != 0 || e.config.Every > 1 { // files from before there were these lack them
		facts = append(facts, e.choice()...)
	}
	return facts
}

// choice is what the average takes.
func (e *EMA[T]) choice() (facts checkpoint.Facts) {
	facts.Add("Mean", e.config.Mean)
	facts.Add("Start", e.config.Start)
	facts.Add("Every", e.config.Every)
	return facts
}

func (e *EMA[T]) tensors() []namedTensor { return named("average.", e.avg) }

// named names slices by their index.
func named[T kernels.Float](name string, slices [][]T) (all []namedTensor) {
	for i, s := range slices {
		all = append(all, namedTensor{name + strconv.Itoa(i), &tensor[T]{s: s, shape: []int{len(s)}}})
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
	if _, ok := c.Meta(prefix + "Mean"); ok {
		if err := c.CheckFacts(prefix, e.choice()); err != nil {
			return err
		}
	}
	updates, err := c.MetaUint(prefix + "updates")
	if err != nil {
		return err
	}
	set, err := getTensors(c, prefix, e.tensors())
	if err != nil {
		return err
	}
	e.updates = updates
	set()
	return nil
}
