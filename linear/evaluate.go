package linear

// An Evaluation is how weights do on a set.
type Evaluation struct {
	Examples int
	Loss     float64 // L(W), with the regularisation

	// Of a set with classes, else 0 and nil.
	Correct   int
	Confusion [][]int // [class][predicted class] examples
}

// Accuracy is the share of examples whose class was predicted, 0 to 1. It is 0 for numbers.
func (e Evaluation) Accuracy() float64 { return float64(e.Correct) / float64(e.Examples) }

// Evaluate returns the loss, the accuracy and the confusion matrix over the whole set. A prediction is as in
// [Problem.Predict]. It panics if w has not Classes*Features elements, or the set has no targets.
func (p *Problem[T]) Evaluate(w []T) Evaluation {
	p.start(w, nil)
	p.wantLoss("Evaluate")
	t := &p.pass
	t.count, t.confuse = t.labels != nil, true
	loss := p.finish() // before correct is read: of the parts of one expression Go orders the calls alone
	e := Evaluation{Examples: p.Len(), Loss: loss, Correct: t.correct}
	if t.labels == nil {
		return e
	}
	e.Confusion = make([][]int, p.Classes())
	for i := range e.Confusion {
		e.Confusion[i] = make([]int, p.Classes())
		for j := range e.Confusion[i] {
			for _, worker := range t.workers {
				e.Confusion[i][j] += worker.confusion[i*p.Classes()+j]
			}
		}
	}
	return e
}
