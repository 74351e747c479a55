// Package linear is the lecture's linear classifier: losses, trainer and model, with the same bits on every CPU.
// What it learns from is in package dataset.
//
// A [Problem] is a [Loss] over a [Set] of examples as a function of a model's weights: its value, its gradient
// over a batch or the whole set, and what the model gets right. A [Trainer] runs any optimizer of package
// optim on it, in epochs over minibatches, with checkpoints from which a run resumes to the bit:
//
//	train, test, err := dataset.LoadCIFAR10("cifar-10-batches-bin")
//	...
//	examples, err := dataset.NewExamples[float32](train, dataset.NewPreprocess(train))
//	...
//	trainer, err := linear.NewTrainer(linear.TrainConfig{Optimizer: optim.Adam{LR: 1e-4}},
//		linear.Data[float32]{Train: linear.NewSet(examples)})
//	...
//	result, err := trainer.Run(ctx)
package linear
