package linear_test

import (
	"context"
	"fmt"
	"log"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/minimize"
)

// Train a classifier, and see how it does on images that it has not seen. This set is very small; the real
// one's folder is read the same way.
func ExampleTrainer() {
	train, test, err := dataset.LoadCIFAR10("../testdata/cifar-10-synthetic")
	if err != nil {
		log.Fatal(err)
	}
	preprocess := dataset.NewPreprocess(train) // of the training set, for both
	trainExamples, err := dataset.NewExamples[float32](train, preprocess)
	if err != nil {
		log.Fatal(err)
	}
	testExamples, err := dataset.NewExamples[float32](test, preprocess)
	if err != nil {
		log.Fatal(err)
	}
	config := linear.TrainConfig{
		Loss:      linear.Softmax{},
		Lambda:    0.01,
		Optimizer: optim.Adam{LR: 1e-3},
		Batch:     50,
		Epochs:    20,
		// Checkpoint: "run.safetensors" would save the run after every epoch, and trainer.Resume go on.
	}
	trainer, err := linear.NewTrainer(config, linear.Data[float32]{
		Train: linear.NewSet(trainExamples),
		Test:  linear.NewSet(testExamples),
	})
	if err != nil {
		log.Fatal(err)
	}
	result, err := trainer.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d steps, test accuracy %.1f%%\n", result.Steps, 100*result.Test.Accuracy())
	fmt.Println("weights", result.Model.Hash()[:16])
	// Output:
	// 120 steps, test accuracy 40.0%
	// weights aa4fdc7a5d4d69ea
}

// Minimize a loss over the whole set with L-BFGS.
func ExampleProblem_Objective() {
	train, _, err := dataset.LoadCIFAR10("../testdata/cifar-10-synthetic")
	if err != nil {
		log.Fatal(err)
	}
	examples, err := dataset.NewExamples[float64](train, dataset.NewPreprocess(train))
	if err != nil {
		log.Fatal(err)
	}
	problem, err := linear.NewProblem(linear.NewSet(examples), linear.ProblemConfig{Loss: linear.Softmax{}, Lambda: 1})
	if err != nil {
		log.Fatal(err)
	}
	model := linear.NewModel[float64](problem.Classes(), problem.Features())
	minimizer := minimize.LBFGS[float64]{Stop: minimize.Stop{GradientRelative: 1e-3}}
	result, err := minimizer.Minimize(context.Background(), problem.Objective(), model.W)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("loss %.4f: %v\n", result.F, result.Status)
	fmt.Printf("accuracy %.1f%%\n", 100*problem.Evaluate(model.W).Accuracy())
	// Output:
	// loss 1.7689: gradient converged
	// accuracy 69.7%
}

// Huber is a loss of one's own: that of least squares near the number, and linear beyond Delta, so that a few examples
// that are far off do not decide the model.
type Huber struct{ Delta float64 }

func (h Huber) Name() string                          { return fmt.Sprintf("huber(%v)", h.Delta) }
func (h Huber) Target() linear.Target                 { return linear.Numbers }
func (h Huber) Loss32(r *linear.Row[float32]) float64 { return huber(h.Delta, r) }
func (h Huber) Loss64(r *linear.Row[float64]) float64 { return huber(h.Delta, r) }

func huber[T kernels.Float](delta float64, r *linear.Row[T]) float64 {
	d := float64(r.Scores[0]) - float64(r.Value)
	slope := max(-delta, min(delta, d))
	if r.Gradient {
		r.Scores[0] = T(slope)
	}
	return float64(slope * (d - slope/2))
}

// Fit a line to four numbers of which one is wrong.
func ExampleLoss() {
	set := linear.Set[float64]{
		Source: dataset.Matrix[float64]{Rows: 4, Cols: 2, Stride: 2, Data: []float64{0, 1, 1, 1, 2, 1, 3, 1}},
		Values: []float64{1, 3, 50, 7}, // 2*x + 1
	}
	for _, loss := range []linear.Loss{linear.SquaredError{}, Huber{0.1}} {
		problem, err := linear.NewProblem(set, linear.ProblemConfig{Loss: loss})
		if err != nil {
			log.Fatal(err)
		}
		model := linear.NewModel[float64](problem.Classes(), problem.Features())
		_, err = minimize.LBFGS[float64]{}.Minimize(context.Background(), problem.Objective(), model.W)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %.2f*x + %.2f\n", loss.Name(), model.W[0], model.W[1])
	}
	// Output:
	// squared-error: 6.50*x + 5.50
	// huber(0.1): 2.01*x + 1.01
}
