//go:build js && wasm

// The program in the page of bench: it runs in a worker, and posts what it finds to the page.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"syscall/js"
	"time"

	"github.com/bitstep-go/bitstep/bench/internal/browser/demo"
	"github.com/bitstep-go/bitstep/bench/internal/verify"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

func main() {
	tasks := map[string]func() error{"train": train, "verify": verifyKernels}
	if err := tasks[os.Args[1]](); err != nil {
		post("failed", map[string]any{"text": err.Error()})
	}
}

// post sends the page a message of that kind.
func post(kind string, fields map[string]any) {
	fields["kind"] = kind
	js.Global().Call("postMessage", fields)
}

// interval is the time between two pictures of the weights.
const interval = 200 * time.Millisecond

func train() error {
	post("images", map[string]any{})
	var started, shown time.Time
	result, err := demo.Train(func() { started = time.Now() }, func(p linear.Progress, m *linear.Model[float32]) {
		step := map[string]any{"step": p.Step, "steps": p.Steps, "loss": p.Loss}
		if e := p.Ended; e != nil {
			step["epoch"] = map[string]any{"number": e.Number, "loss": e.TrainLoss, "accuracy": e.TrainAccuracy,
				"validationLoss": e.ValidationLoss, "validationAccuracy": e.ValidationAccuracy}
		}
		post("step", step)
		if p.Ended != nil || time.Since(shown) >= interval {
			shown = time.Now()
			templates(m, p.Ended != nil)
		}
	})
	if err != nil {
		return err
	}
	post("trained", map[string]any{"digest": result.Model.Hash(), "accuracy": result.Test.Accuracy(),
		"examples": result.Test.Examples, "seconds": time.Since(started).Seconds()})
	return nil
}

// templates posts the rows of the weights as pictures.
func templates(m *linear.Model[float32], ended bool) {
	var all []any
	n := m.Features
	for k := range m.Classes {
		pixels := linear.Template(m.W[k*n : (k+1)*n]).Pix
		bytes := js.Global().Get("Uint8ClampedArray").New(len(pixels))
		js.CopyBytesToJS(bytes, pixels)
		all = append(all, bytes)
	}
	post("templates", map[string]any{"templates": all, "ended": ended, "side": dataset.ImageSide})
}

func verifyKernels() error {
	started := time.Now()
	v, err := verify.Run(context.Background(), verify.Options{Progress: func(done, total int) {
		post("part", map[string]any{"done": done, "total": total})
	}})
	if err != nil {
		return err
	}
	if m := v.Mismatch; m != nil {
		return fmt.Errorf("%s %s differs from %s: got %s, want %s", m.Kernel, m.Type,
			cmp.Or(m.Operand, "its definition"), m.Got, m.Want)
	}
	post("verified", map[string]any{"digest": v.Digest, "calls": v.Calls, "seconds": time.Since(started).Seconds()})
	return nil
}
