package linear

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/bitstep-go/bitstep"
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

// A pass runs over the blocks of a batch, in ascending order, on one or several goroutines. They live for one
// call, or with hold until dismiss. Everything else that it needs is kept between calls.
type pass[T kernels.Float] struct {
	classes, features, ld int
	k                     bitstep.Engine[T] // of one thread
	loss                  Loss
	source                dataset.Source[T]
	rows                  *dataset.Matrix[T] // of a source in memory, else nil
	labels                []uint8

	// The operands of a call. What is nil is not wanted.
	w, grad, scores []T
	alpha           T
	batch           []int // nil: examples 0 to n-1
	n, blocks       int
	predicted       []uint8
	confuse, count  bool // fill the workers' confusion, count what is predicted right
	timed           bool

	// Results.
	total   float64 // of the losses
	correct int
	times   Times

	wg      sync.WaitGroup
	next    atomic.Int64 // block to take
	member  func()       // what a goroutine runs; made once, because go with a method value allocates
	started atomic.Int64 // members so far
	workers []*worker[T]
	crew    crew
	left    atomic.Int64 // members of the crew that are at work

	// Finished blocks are added in ascending order, by whichever thread finishes the one that is due. A
	// thread takes a buffer before it takes a block, so the thread of the block that is due has one.
	mu      sync.Mutex
	freed   sync.Cond
	buffers int // made so far
	free    []*blockSum[T]
	pending []*blockSum[T] // of block i at i mod len
	due     int
	adding  bool
}

// A blockSum is what a block adds to the batch.
type blockSum[T kernels.Float] struct {
	grad   []T
	losses [BlockExamples]float64
	n      int
}

// A worker is the memory of one thread.
type worker[T kernels.Float] struct {
	x, s      []T // rows that are not in memory already; scores, then their gradient
	labels    [BlockExamples]uint8
	e         []float64
	confusion []int // [class][predicted class]
	correct   int
	times     Times
}

func (p *pass[T]) init() {
	line := kernels.Lanes[T]()
	p.ld = (p.features + line - 1) &^ (line - 1)
	p.freed.L = &p.mu
	p.member = func() {
		p.take(p.workers[p.started.Add(1)])
		p.wg.Done()
	}
}

// hold keeps the goroutines of passes with that many threads until dismiss, for passes in quick succession.
func (p *pass[T]) hold(threads int) {
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	if threads > 1 {
		p.crew.start(threads-1, func(member int) {
			p.take(p.workers[member])
			p.left.Add(-1)
			p.wg.Done()
		})
	}
}

func (p *pass[T]) dismiss() {
	if p.crew.size > 0 {
		p.crew.end()
	}
}

// aligned returns n elements from the border of a line on.
func aligned[T kernels.Float](n int) []T {
	const line = 64
	size := int(unsafe.Sizeof(T(0)))
	all := make([]T, n+line/size)
	skip := int(-uintptr(unsafe.Pointer(&all[0]))%line) / size
	return all[skip:][:n:n]
}

// run passes over all blocks with at most that many threads.
func (p *pass[T]) run(threads int) {
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	p.blocks = (p.n + BlockExamples - 1) / BlockExamples
	threads = max(1, min(threads, p.blocks))
	p.total, p.correct, p.due = 0, 0, 0
	p.next.Store(0)
	p.started.Store(0)
	for len(p.workers) < max(threads, p.crew.size+1) {
		p.workers = append(p.workers, &worker[T]{s: aligned[T](BlockExamples * p.classes),
			e: make([]float64, p.classes), confusion: make([]int, p.classes*p.classes)})
	}
	if spare := 2 * len(p.workers); p.buffers < spare { // a thread that is ahead need not wait
		p.pending = make([]*blockSum[T], spare)
		p.free = append(make([]*blockSum[T], 0, spare), p.free...)
		for ; p.buffers < spare; p.buffers++ {
			p.free = append(p.free, new(blockSum[T]))
		}
	}
	if p.crew.size > 0 && threads > 1 {
		p.wg.Add(p.crew.size)
		p.left.Store(int64(p.crew.size))
		p.crew.begin()
		p.take(p.workers[0])
		for start := time.Now(); p.left.Load() > 0 && time.Since(start) < awake; { // each has a block at most
			runtime.Gosched()
		}
		p.wg.Wait()
	} else {
		p.wg.Add(threads - 1)
		for range threads - 1 {
			go p.member()
		}
		p.take(p.workers[0])
		p.wg.Wait()
	}
	for _, w := range p.workers {
		p.times.add(w.times)
		p.correct += w.correct
		w.times, w.correct = Times{}, 0
	}
}

// take does blocks until none is left.
func (p *pass[T]) take(w *worker[T]) {
	for {
		b := p.buffer()
		i := int(p.next.Add(1)) - 1
		if i >= p.blocks {
			p.release(b)
			return
		}
		p.block(w, b, i)
		p.add(w, b, i)
	}
}

// buffer returns a free buffer, waiting for one if other threads are far ahead of the block that is due.
func (p *pass[T]) buffer() *blockSum[T] {
	p.mu.Lock()
	for len(p.free) == 0 {
		p.freed.Wait()
	}
	last := len(p.free) - 1
	b := p.free[last]
	p.free = p.free[:last]
	p.mu.Unlock()
	return b
}

func (p *pass[T]) release(b *blockSum[T]) {
	p.mu.Lock()
	p.free = append(p.free, b)
	p.mu.Unlock()
	p.freed.Signal()
}

// block does block i: its losses to b, its gradient to b or, for the first, to where the sum will be.
func (p *pass[T]) block(w *worker[T], b *blockSum[T], i int) {
	var at [5]time.Time
	lap := func(i int) {
		if p.timed {
			at[i] = time.Now()
		}
	}
	lap(0)
	lo := i * BlockExamples
	hi := min(lo+BlockExamples, p.n)
	x, ld, labels := p.fetch(w, lo, hi)
	lap(1)
	n, s := hi-lo, w.s
	if p.scores != nil {
		s = p.scores[lo*p.classes:]
	}
	s = s[:n*p.classes]
	p.k.Gemm(false, true, n, p.classes, p.features, 1, x, ld, p.w, p.features, 0, s, p.classes)
	lap(2)
	if p.count || p.predicted != nil {
		p.predict(w, s, labels, lo)
	}
	b.n = n
	if p.loss != nil {
		scoresLoss(p.loss, s, labels, b.losses[:n], w.e, p.grad != nil)
	}
	lap(3)
	if p.grad != nil {
		dst := p.grad
		if i > 0 {
			if b.grad == nil {
				b.grad = aligned[T](len(dst))
			}
			dst = b.grad
		}
		p.k.Gemm(true, false, p.classes, p.features, n, 1, s, p.classes, x, ld, 0, dst, p.features)
	}
	lap(4)
	if p.timed {
		w.times.Fetch += at[1].Sub(at[0])
		w.times.Scores += at[2].Sub(at[1])
		w.times.Loss += at[3].Sub(at[2])
		w.times.Backward += at[4].Sub(at[3])
	}
}

// fetch returns examples lo to hi of the batch as rows, and their labels.
func (p *pass[T]) fetch(w *worker[T], lo, hi int) (x []T, ld int, labels []uint8) {
	first := lo
	if p.batch != nil {
		indices := p.batch[lo:hi]
		first = indices[0]
		for i, at := range indices {
			if at != first+i {
				return p.gather(w, indices)
			}
		}
	}
	labels = p.labels[first:][:hi-lo]
	if p.rows != nil {
		x, ld = p.rows.View(first, first+hi-lo)
		return x, ld, labels
	}
	p.source.FillRange(w.room(p), p.ld, first, first+hi-lo)
	return w.x, p.ld, labels
}

func (p *pass[T]) gather(w *worker[T], indices []int) (x []T, ld int, labels []uint8) {
	for i, at := range indices {
		w.labels[i] = p.labels[at]
	}
	p.source.FillRows(w.room(p), p.ld, indices)
	return w.x, p.ld, w.labels[:len(indices)]
}

// room is where a block's rows go. Rows start at borders of lines.
func (w *worker[T]) room(p *pass[T]) []T {
	if w.x == nil {
		w.x = aligned[T](BlockExamples * p.ld)
	}
	return w.x
}

// predict takes the class of the largest score, the first of equal ones.
func (p *pass[T]) predict(w *worker[T], s []T, labels []uint8, lo int) {
	for i, y := range labels {
		row := s[i*p.classes:][:p.classes]
		best := 0
		for j, score := range row {
			if score > row[best] {
				best = j
			}
		}
		if p.predicted != nil {
			p.predicted[lo+i] = uint8(best)
		}
		if best == int(y) {
			w.correct++
		}
		if p.confuse {
			w.confusion[int(y)*p.classes+best]++
		}
	}
}

// add hands block i in, and adds the blocks whose turn it is.
func (p *pass[T]) add(w *worker[T], b *blockSum[T], i int) {
	p.mu.Lock()
	p.pending[i%len(p.pending)] = b
	if p.adding { // by another thread, which will see this block
		p.mu.Unlock()
		return
	}
	p.adding = true
	for {
		slot := &p.pending[p.due%len(p.pending)]
		b := *slot
		if b == nil {
			break
		}
		*slot = nil
		p.mu.Unlock()
		p.accumulate(w, b, p.due)
		p.mu.Lock()
		p.due++
		p.free = append(p.free, b)
		p.freed.Signal()
	}
	p.adding = false
	p.mu.Unlock()
}

// accumulate adds block i, the next one, to the batch.
func (p *pass[T]) accumulate(w *worker[T], b *blockSum[T], i int) {
	var start time.Time
	if p.timed {
		start = time.Now()
	}
	for _, l := range b.losses[:b.n] {
		p.total += l
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

// notFinite reports whether x is not a finite number.
func notFinite(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }
