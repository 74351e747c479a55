package linear

import (
	"time"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/caches"
	"github.com/bitstep-go/bitstep/internal/crew"
	"github.com/bitstep-go/bitstep/internal/mem"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

// BlockExamples is how many examples make a block: the unit in which a batch is read, and the terms of the
// sum that its gradient is. It does not depend on the machine. 64 rows of 3073 float32 fit in most second
// caches, so scores, loss and gradient read a row from memory once.
const BlockExamples = 64

// Times are how long the parts of a [Problem]'s passes took, over all threads together.
type Times struct {
	Fetch    time.Duration // gathering or converting rows
	Scores   time.Duration // X*W'
	Loss     time.Duration // the losses and their gradients by the scores
	Backward time.Duration // the blocks' dS'*X
	Sum      time.Duration // adding the blocks
	Update   time.Duration // the optimizer's step, of a [Trainer]
}

func (t *Times) add(u Times) {
	t.Fetch += u.Fetch
	t.Scores += u.Scores
	t.Loss += u.Loss
	t.Backward += u.Backward
	t.Sum += u.Sum
	t.Update += u.Update
}

// A pass runs over the blocks of a batch, in ascending order, on one or several goroutines, which live for one call,
// or with hold until dismiss. Everything else that it needs is kept between calls.
type pass[T kernels.Float] struct {
	classes, features, ld int
	k                     bitstep.Engine[T] // of one thread
	k64                   bitstep.Engine[float64]
	exponentials          bool // of the scores, for losses and probabilities: see Row.exponentials
	source                dataset.Source[T]
	rows                  dataset.Viewer[T] // the source, if its rows are in memory, else nil
	memory                dataset.Resident  // the source, if its examples are in memory, else nil
	labels                []uint8           // nil: none
	values                []T               // nil: none
	weights               []float64         // of the classes; nil: 1

	operands[T]
	n, blocks int
	threads   int // of the call
	group     int // examples: see block
	timed     bool

	// Results.
	total   [1]float64 // of the losses, but for Losses, whose totals go to the caller
	correct int
	times   Times

	crew    crew.Crew
	held    int                     // threads that are held
	workers []*worker[T]            // by their number
	sums    []*blockSum[T]          // of block i at i mod len
	work    func(worker, piece int) // made once, so that no call allocates
	then    func(worker, piece int) // likewise
}

// The operands of a call. What is nil or false is not wanted.
type operands[T kernels.Float] struct {
	w, grad, scores []T       // w is that of each candidate, one after another
	totals          []float64 // of the losses of each candidate: of one, but for Losses
	alpha           T
	batch           []int // nil: examples 0 to n-1
	after           []int // what the next call is likely to begin its batch with
	loss            func(*Row[T]) float64
	probabilities   func(*Row[T]) // what makes them of scores
	predicted       []uint8
	confuse, count  bool // fill the workers' confusion, count what is predicted right
}

// A blockSum is what a block adds to the batch.
type blockSum[T kernels.Float] struct {
	grad   []T
	losses []float64 // of each example those of the candidates
	n      int
}

// A worker is the memory of one thread.
type worker[T kernels.Float] struct {
	x, s      []T // rows that are not in memory already; scores, then their gradient
	row       Row[T]
	room64    []float64     // the Room of each row of s
	shifts    []float64     // the shift of each, if the pass computes exponentials
	next      bitstep.Fetch // the group of examples that this worker is likely to take next
	fetched   int           // the first of them, in this call or the next; -1: none
	idle      bool          // products do not fetch, as it turned out
	confusion []int         // [class][predicted class]
	correct   int
	times     Times
}

func (p *pass[T]) init() {
	p.rows, _ = p.source.(dataset.Viewer[T])
	p.memory, _ = p.source.(dataset.Resident)
	line := kernels.Lanes[T]()
	p.ld = (p.features + line - 1) &^ (line - 1)
	p.group = groupOf(p.ld*int(unsafe.Sizeof(T(0))), p.classes)
	p.work = func(worker, i int) { p.block(p.workers[worker], p.sums[i%len(p.sums)], i) }
	p.then = func(worker, i int) { p.accumulate(p.workers[worker], p.sums[i%len(p.sums)], i) }
}

// on makes b the backend. Whether its products fetch is yet to turn out.
func (p *pass[T]) on(b bitstep.Backend) {
	p.k, p.k64 = bitstep.On[T](b).Threads(1), bitstep.On[float64](b).Threads(1)
	for _, w := range p.workers {
		w.idle = false
	}
}

// groupOf returns how many examples make a group, with rows of so many bytes: of whose rows, and those of the next,
// the second cache holds both. It would not hold W and its gradient beside them if classes are many, which come and go
// with every group: then a group is a block.
func groupOf(row, classes int) int {
	const least = 16 // for which it pays to load and store the block's sums
	_, l2, _, _ := caches.Sizes()
	if 2*classes*row > l2 {
		return BlockExamples
	}
	return min(max(least, l2/2/row/least*least), BlockExamples)
}

// hold keeps the goroutines of passes with that many threads until dismiss, for passes in quick succession.
func (p *pass[T]) hold(threads int) {
	p.held = crew.Threads(threads, p.blocksOf(p.source.Len()))
	if p.held > 1 {
		p.crew.Hold(p.held)
	}
}

func (p *pass[T]) dismiss() {
	p.crew.Release()
	p.held = 0
}

func (p *pass[T]) blocksOf(n int) int { return (n + BlockExamples - 1) / BlockExamples }

// run passes over all blocks with at most that many threads. What an earlier pass has left, be it that a panic has
// ended it, has no effect.
func (p *pass[T]) run(threads int) {
	p.blocks = p.blocksOf(p.n)
	p.threads = crew.Threads(threads, p.blocks)
	clear(p.totals)
	p.correct = 0
	rows := BlockExamples * len(p.totals) // of a block's scores
	for len(p.workers) < max(p.threads, p.held) {
		w := &worker[T]{confusion: make([]int, p.classes*p.classes), fetched: -1}
		w.row.ahead = p.exponentials
		p.workers = append(p.workers, w)
	}
	for len(p.sums) < 2*len(p.workers) { // a thread that is ahead need not wait
		p.sums = append(p.sums, new(blockSum[T]))
	}
	for _, b := range p.sums {
		if len(b.losses) < rows {
			b.losses = make([]float64, rows)
		}
	}
	for _, w := range p.workers {
		if len(w.s) < rows*p.classes {
			w.s = mem.Aligned[T](rows * p.classes)
			w.room64, w.shifts = make([]float64, len(w.s)), make([]float64, rows)
		}
		w.times, w.correct = Times{}, 0
		clear(w.confusion)
	}
	p.crew.RunInOrder(p.threads, p.blocks, len(p.sums), p.work, p.then)
	for _, w := range p.workers {
		p.times.add(w.times)
		p.correct += w.correct
	}
}

// block does block i: its losses to b, its gradient to b or, for the first, to where the sum will be. It takes a
// group of examples at a time, whose rows stay in the second cache from one product to the other, and continues the
// block's sums from group to group. Without a gradient, a group is a block, and so it is where rows are read where they
// lie, in order, and products do not fetch the next.
func (p *pass[T]) block(w *worker[T], b *blockSum[T], i int) {
	lo := i * BlockExamples
	hi := min(lo+BlockExamples, p.n)
	b.n = hi - lo
	grad := p.grad
	if grad != nil && i > 0 {
		if b.grad == nil {
			b.grad = mem.Aligned[T](len(grad))
		}
		grad = b.grad
	}
	group := p.group
	if grad == nil || w.idle && p.inPlace(lo, hi) {
		group = BlockExamples
	}
	for at := lo; at < hi; at += group {
		next := at + group
		if next >= hi { // likely this worker's next block
			if next = i + p.threads; next < p.blocks {
				next *= BlockExamples
			} else {
				next = p.n + (next-p.blocks)*BlockExamples
			}
		}
		p.examples(w, b.losses[(at-lo)*len(p.totals):], grad, at, min(hi, at+group), at > lo, next)
	}
}

// examples does examples lo to hi of the batch, a group of a block. Their gradient is stored or continued. Meanwhile
// the group from next on is fetched, which may be one of the next call: those count from n on.
func (p *pass[T]) examples(w *worker[T], losses []float64, grad []T, lo, hi int, continues bool, next int) {
	var at [5]time.Time
	lap := func(i int) {
		if p.timed {
			at[i] = time.Now()
		}
	}
	lap(0)
	x, ld := p.fetch(w, lo, hi)
	lap(1)
	n, s := hi-lo, w.s
	if p.scores != nil {
		s = p.scores[lo*p.classes:]
	}
	scores := len(p.totals) * p.classes // of an example
	s = s[:n*scores]
	p.k.Gemm(false, true, n, scores, p.features, 1, x, ld, p.w, p.features, 0, s, scores)
	lap(2)
	if p.count || p.predicted != nil {
		p.predict(w, s, lo)
	}
	switch {
	case p.loss != nil:
		p.exponentiate(w, s)
		p.losses(w, losses[:n*len(p.totals)], s, lo)
	case p.probabilities != nil:
		p.exponentiate(w, s)
		for i := range n {
			p.probabilities(p.row(w, s, i))
		}
	}
	lap(3)
	if grad != nil {
		ahead := p.upcoming(w, next)
		k := p.k.Fetching(ahead)
		if continues {
			k.GemmContinue(true, false, p.classes, p.features, n, s, p.classes, x, ld, grad, p.features)
		} else {
			k.Gemm(true, false, p.classes, p.features, n, 1, s, p.classes, x, ld, 0, grad, p.features)
		}
		if ahead != nil && n == p.group {
			w.idle = ahead.Fetched() == 0
		}
	}
	lap(4)
	if p.timed {
		w.times.Fetch += at[1].Sub(at[0])
		w.times.Scores += at[2].Sub(at[1])
		w.times.Loss += at[3].Sub(at[2])
		w.times.Backward += at[4].Sub(at[3])
	}
}

// upcoming lists the group of examples from lo on, for a product to fetch.
func (p *pass[T]) upcoming(w *worker[T], lo int) *bitstep.Fetch {
	examples, from := p.n, 0
	if lo >= p.n {
		lo -= p.n
		examples, from = len(p.after), p.n
	}
	n := min(p.group, examples-lo)
	w.fetched = -1
	if p.memory == nil || n <= 0 || w.idle && p.rows != nil && (from > 0 || p.neighbours(lo, lo+n)) {
		return nil
	}
	w.next.Reset()
	for i := range n {
		w.next.Add(p.memory.Memory(p.example(from + lo + i)))
	}
	w.fetched = lo
	return &w.next
}

// exponentiate computes the exponentials of scores ahead of losses and probabilities, if they are made of those: a
// call of a kernel, which has vectors, for all rows.
func (p *pass[T]) exponentiate(w *worker[T], s []T) {
	if !p.exponentials {
		return
	}
	e := w.room64[:len(s)]
	for i := range len(s) / p.classes {
		lo, hi := i*p.classes, (i+1)*p.classes
		w.shifts[i] = shift(e[lo:hi], s[lo:hi])
	}
	p.k64.ExpSlice(e)
}

// row returns row i of s as a loss sees it.
func (p *pass[T]) row(w *worker[T], s []T, i int) *Row[T] {
	r, lo, hi := &w.row, i*p.classes, (i+1)*p.classes
	r.Scores, r.Room, r.shift = s[lo:hi:hi], w.room64[lo:hi:hi], w.shifts[i]
	return r
}

// losses computes the loss of each row of s, the scores of the examples from lo on by each candidate, and with grad
// replaces the scores by their gradient.
func (p *pass[T]) losses(w *worker[T], losses []float64, s []T, lo int) {
	w.row.Gradient = p.grad != nil
	for i := range losses {
		r := p.row(w, s, i)
		at := p.example(lo + i/len(p.totals))
		if p.values != nil {
			r.Value = p.values[at]
			losses[i] = p.loss(r)
			continue
		}
		r.Class = int(p.labels[at])
		loss := p.loss(r)
		if p.weights != nil {
			weight := p.weights[r.Class]
			loss = float64(weight * loss)
			if r.Gradient {
				for j := range r.Scores {
					r.Scores[j] = T(T(weight) * r.Scores[j])
				}
			}
		}
		losses[i] = loss
	}
}

// example returns the index in the set of example i of the batch, or from n on of what is likely the next one.
func (p *pass[T]) example(i int) int {
	switch {
	case i >= p.n:
		return p.after[i-p.n]
	case p.batch != nil:
		return p.batch[i]
	}
	return i
}

// neighbours reports whether examples lo to hi of the batch are neighbours in the set, in order.
func (p *pass[T]) neighbours(lo, hi int) bool {
	if p.batch == nil {
		return true
	}
	for i, at := range p.batch[lo:hi] {
		if at != p.batch[lo]+i {
			return false
		}
	}
	return true
}

// inPlace reports whether the rows of examples lo to hi of the batch are read where they lie.
func (p *pass[T]) inPlace(lo, hi int) bool { return p.rows != nil && p.neighbours(lo, hi) }

// fetch returns examples lo to hi of the batch as rows. What they are read from is brought to the caches first,
// unless a product has done it, or they are copied, which does it as well.
func (p *pass[T]) fetch(w *worker[T], lo, hi int) (x []T, ld int) {
	first := p.example(lo)
	switch neighbours := p.neighbours(lo, hi); {
	case neighbours && p.rows != nil:
		x, ld = p.rows.View(first, first+hi-lo)
		if ready := w.ready(lo); ready < hi-lo {
			mem.Touch(mem.Bytes(x[ready*ld:]))
		}
		return x, ld
	case neighbours:
		p.source.FillRange(p.k, w.room(p), p.ld, first, first+hi-lo)
	default:
		if p.memory != nil && p.rows == nil {
			for _, at := range p.batch[min(hi, lo+w.ready(lo)):hi] {
				mem.Touch(p.memory.Memory(at))
			}
		}
		p.source.FillRows(p.k, w.room(p), p.ld, p.batch[lo:hi])
	}
	return w.x, p.ld
}

// ready returns how many examples from lo on a product has fetched.
func (w *worker[T]) ready(lo int) int {
	if w.fetched != lo {
		return 0
	}
	return w.next.Fetched()
}

// room is where a block's rows go. Rows start at borders of lines.
func (w *worker[T]) room(p *pass[T]) []T {
	if w.x == nil {
		w.x = mem.Aligned[T](BlockExamples * p.ld)
	}
	return w.x
}

// predict takes the class of the largest score, the first of equal ones.
func (p *pass[T]) predict(w *worker[T], s []T, lo int) {
	for i := range len(s) / p.classes {
		scores := s[i*p.classes:][:p.classes]
		if p.predicted == nil && !p.confuse {
			w.correct += leads(scores, int(p.labels[p.example(lo+i)]))
			continue
		}
		best := largest(scores)
		if p.predicted != nil {
			p.predicted[lo+i] = uint8(best)
		}
		if !p.count {
			continue
		}
		y := int(p.labels[p.example(lo+i)])
		if best == y {
			w.correct++
		}
		if p.confuse {
			w.confusion[y*p.classes+best]++
		}
	}
}

// leads returns 1 if y is the index of the largest score, the first of equal ones, else 0. It has no branch that no
// processor predicts, unless scores are equal or NaN.
func leads[T kernels.Float](scores []T, y int) int {
	own, greater, least := scores[y], 0, 0
	for _, score := range scores {
		if score > own {
			greater = 1
		}
		if score >= own {
			least++
		}
	}
	switch {
	case greater == 1:
		return 0
	case least == 1 && scores[0] == scores[0], largest(scores) == y:
		return 1
	}
	return 0
}

// largest returns the index of the largest score, the first of equal ones.
func largest[T kernels.Float](scores []T) int {
	best := 0
	for j, score := range scores {
		if score > scores[best] {
			best = j
		}
	}
	return best
}

// accumulate adds block i, the next one, to the batch.
func (p *pass[T]) accumulate(w *worker[T], b *blockSum[T], i int) {
	var start time.Time
	if p.timed {
		start = time.Now()
	}
	if p.loss != nil {
		for losses := b.losses[:b.n*len(p.totals)]; len(losses) > 0; losses = losses[len(p.totals):] {
			for q := range p.totals {
				p.totals[q] += losses[q]
			}
		}
	}
	switch {
	case p.grad == nil:
	case i == 0: // the sum is in place
		p.k.Scale(p.grad, p.alpha)
	default:
		p.k.Axpy(p.grad, b.grad, p.alpha)
	}
	if p.timed {
		w.times.Sum += time.Since(start)
	}
}
