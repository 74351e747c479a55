// Package witness writes receipts of linear.Trainer's runs, and replays them: see package receipt.
//
//	w, err := witness.New(config, data, claims)
//	...
//	to, err := receipt.NewWriter(file, witness.DefaultEvery, w.Claims()) // a state every so many minibatches
//	...
//	result, digest, err := w.Run(ctx, to)
//
//	w, err := witness.New(config, data, claims) // the auditor's, of the auditor's own data
//	...
//	report, err := receipt.Audit(ctx, r, w, receipt.Options{Segments: 5, Seed: drawn})
package witness

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
	"github.com/bitstep-go/bitstep/receipt"
)

// A Witness is a trainer whose steps are noted: a run that writes a receipt, or a [receipt.Replayer] of one. A step of
// a receipt is a minibatch, taken or skipped. It is not safe for concurrent use.
type Witness[T kernels.Float] struct {
	trainer *linear.Trainer[T]
	claims  []receipt.Claim
	start   *checkpoint.File // the state before the first step
	notes   notes
	batch   int
	after   func(drawn uint64) error // what a run does after a step
}

// New returns the witness of a run at its start. Its claims are first those given, about the data and whatever else
// decides the run, such as the schedule ([Images] and [Examples] make those about data), and then what the trainer's
// own checkpoints say of the configuration, the number of epochs and the patience. A Trace of c is called after the
// step was noted, and written if it is the last of a segment: a run that it ends can go on.
func New[T kernels.Float](c linear.TrainConfig, d linear.Data[T], claims []receipt.Claim) (*Witness[T], error) {
	w := &Witness[T]{}
	trace := c.Trace
	c.Trace = func(s linear.Trace) error {
		w.notes.add(s)
		var err error
		if w.after != nil {
			err = w.after(s.Drawn)
		}
		if trace != nil {
			err = errors.Join(err, trace(s))
		}
		return err
	}
	var err error
	if w.trainer, err = linear.NewTrainer(c, d); err != nil {
		return nil, err
	}
	w.notes.clear()
	w.batch = min(cmp.Or(c.Batch, linear.DefaultBatch), d.Train.Source.Len())
	if w.start, err = w.trainer.Snapshot(); err != nil {
		return nil, err
	}
	w.claims = slices.Concat(claims, configuration(w.start), []receipt.Claim{
		{Name: "element type", Value: fmt.Sprintf("%T", T(0))},
		{Name: "epochs", Value: strconv.Itoa(cmp.Or(c.Epochs, linear.DefaultEpochs))},
		{Name: "patience", Value: strconv.Itoa(c.Patience)},
		{Name: "schedule", Value: kindOf(c.Schedule)},
	})
	return w, nil
}

// kindOf tells whether there is a schedule and of which type; which one it is a claim of the caller's has to say.
func kindOf(s any) string {
	if s == nil {
		return "none"
	}
	return fmt.Sprintf("%T", s)
}

// configuration is what the metadata of the first state says, which is all but what moves with the steps.
func configuration(start *checkpoint.File) (claims []receipt.Claim) {
	for _, key := range start.MetaKeys() {
		if strings.HasPrefix(key, "trainer.epoch.") {
			continue
		}
		value, _ := start.Meta(key)
		claims = append(claims, receipt.Claim{Name: key, Value: value})
	}
	return claims
}

// Trainer returns the trainer, to choose its backend or look at it. Its steps are the witness's to take.
func (w *Witness[T]) Trainer() *linear.Trainer[T] { return w.trainer }

// Claims are what New was given and found.
func (w *Witness[T]) Claims() []receipt.Claim { return slices.Clone(w.claims) }

// Start sets the trainer to the state before the first step.
func (w *Witness[T]) Start() error {
	w.notes.clear()
	return w.trainer.Restore(w.start)
}

// Restore sets the trainer to a state after so many minibatches. All that the configuration decides must be in it as in
// the state at the start: a checkpoint may hold a learning rate that was set by hand, and the steps from there on, each
// as the state before has it, would all be found right.
func (w *Witness[T]) Restore(state []byte, step uint64) error {
	file, err := checkpoint.DecodeBare(state)
	if err != nil {
		return err
	}
	for _, key := range slices.Concat(w.start.MetaKeys(), file.MetaKeys()) {
		want, inStart := w.start.Meta(key)
		got, inState := file.Meta(key)
		if !moves(key) && (got != want || inState != inStart) {
			return fmt.Errorf("witness: the state has %s = %q, and the run begins with %q", key, got, want)
		}
	}
	w.notes.clear()
	if err := w.trainer.Restore(file); err != nil {
		return err
	}
	return w.checkCounts(file, step)
}

// moves reports whether steps change what a state has under a key.
func moves(key string) bool {
	switch key {
	case "optimizer.steps", "optimizer.skipped", "trainer.sampler", "model.tensor", "bitstep":
		return true
	}
	return strings.HasPrefix(key, "trainer.epoch.") || strings.HasPrefix(key, "schedule.")
}

// checkCounts checks that a state is one after so many minibatches, by both of the counts that it has.
func (w *Witness[T]) checkCounts(file *checkpoint.File, step uint64) error {
	var s dataset.SamplerState
	text, _ := file.Meta("trainer.sampler")
	if err := s.UnmarshalText([]byte(text)); err != nil {
		return err
	}
	drawn := s.Epoch*w.trainer.StepsPerEpoch() + linear.StepsPerEpoch(s.Position, w.batch)
	taken, wraps := w.trainer.Drawn(), w.trainer.Steps() > step // and skipped would make up for it
	if taken != step || wraps || drawn != step || s.Position%w.batch != 0 {
		return fmt.Errorf("witness: the state is one after %d steps and %d minibatches, at example %d of epoch %d, "+
			"want one after %d", taken, drawn, s.Position, s.Epoch+1, step)
	}
	return nil
}

// State returns the trainer's state: the bytes of a checkpoint without its checksum, since a receipt has one of its
// own: see [checkpoint.File.EncodeBare].
func (w *Witness[T]) State() ([]byte, error) {
	file, err := w.trainer.Snapshot()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = file.EncodeBare(&b)
	return b.Bytes(), err
}

// Replay trains until so many minibatches have been drawn.
func (w *Witness[T]) Replay(ctx context.Context, step uint64) ([]receipt.Claim, error) {
	if drawn := w.trainer.Drawn(); drawn >= step {
		return nil, fmt.Errorf("witness: the state is one after %d minibatches, and %d are asked for", drawn, step)
	}
	for w.trainer.Drawn() < step {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if w.trainer.Done() {
			return nil, fmt.Errorf("witness: the run ends after %d minibatches, %d are claimed", w.trainer.Drawn(),
				step)
		}
		if _, err := w.trainer.Step(); err != nil {
			return nil, err
		}
	}
	return w.notes.take(), nil
}

// Results are the hash of the run's model and the record of its epochs.
func (w *Witness[T]) Results() ([]receipt.Claim, error) {
	if !w.trainer.Done() {
		return nil, fmt.Errorf("witness: the run goes on after %d minibatches, in epoch %d", w.trainer.Drawn(),
			len(w.trainer.Epochs())+1)
	}
	return results(w.trainer), nil
}

func results[T kernels.Float](t *linear.Trainer[T]) []receipt.Claim {
	all := []receipt.Claim{{Name: "weights", Value: "SHA-256 " + t.Outcome().Hash()}}
	for _, e := range t.Epochs() {
		all = append(all, receipt.Claim{Name: fmt.Sprintf("epoch %d", e.Number), Value: fmt.Sprintf(
			"loss %v, accuracy %v, validation loss %v, accuracy %v", e.TrainLoss, e.TrainAccuracy, e.ValidationLoss,
			e.ValidationAccuracy)})
	}
	return all
}

// Differ says where two states differ first.
func (w *Witness[T]) Differ(claimed, found []byte) string {
	var files [2]*checkpoint.File
	for i, state := range [][]byte{claimed, found} {
		var err error
		if files[i], err = checkpoint.DecodeBare(state); err != nil {
			return err.Error()
		}
	}
	return files[0].Difference(files[1])
}

// notes are digests of what steps have taken and found.
type notes struct {
	order, rates, losses hash.Hash
	steps, examples      int
	rate, loss           [2]float64 // first and last
	buffer               []byte
}

func (n *notes) clear() {
	*n = notes{order: sha256.New(), rates: sha256.New(), losses: sha256.New(), buffer: n.buffer}
}

func (n *notes) add(s linear.Trace) {
	n.buffer = n.buffer[:0]
	for _, i := range s.Batch {
		n.buffer = binary.AppendUvarint(n.buffer, uint64(i)) // shorter than 8 bytes each, and so quicker to hash
	}
	n.order.Write(n.buffer)
	for _, v := range []struct {
		value float64
		ends  *[2]float64
		hash  hash.Hash
	}{{s.Rate, &n.rate, n.rates}, {s.Loss, &n.loss, n.losses}} {
		if n.steps == 0 {
			v.ends[0] = v.value
		}
		v.ends[1] = v.value
		n.buffer = binary.LittleEndian.AppendUint64(n.buffer[:0], math.Float64bits(v.value))
		v.hash.Write(n.buffer)
	}
	n.steps++
	n.examples += len(s.Batch)
}

// take returns the notes as facts, and begins new ones.
func (n *notes) take() []receipt.Claim {
	digest := func(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
	facts := []receipt.Claim{
		{Name: "order", Value: fmt.Sprintf("%d examples, SHA-256 %s", n.examples, digest(n.order))},
		{Name: "learning rate", Value: fmt.Sprintf("%v to %v, SHA-256 %s", n.rate[0], n.rate[1], digest(n.rates))},
		{Name: "loss", Value: fmt.Sprintf("%v to %v, SHA-256 %s", n.loss[0], n.loss[1], digest(n.losses))},
	}
	n.clear()
	return facts
}
