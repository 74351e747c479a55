// Package linear is the lecture's linear classifier, from the files of CIFAR-10 to a trained model, with the
// same bits on every CPU.
//
// [LoadCIFAR10] and [LoadCIFAR100] load a folder of files as [Dataset]s, which keep the bytes.
// [NewPreprocess] takes the mean image of the training set, and [NewExamples] makes features of bytes: rows
// of [Features] elements, the last of them the constant 1. A [Sampler] says which examples are next.
//
// A [Problem] is a [Loss] over a [Set] of examples as a function of a model's weights: its value, its gradient
// over a batch or the whole set, and what the model gets right. A [Trainer] runs any optimizer of package
// optim on it, in epochs over minibatches, with checkpoints from which a run resumes to the bit:
//
//	train, test, err := linear.LoadCIFAR10("cifar-10-batches-bin")
//	...
//	examples, err := linear.NewExamples[float32](train, linear.NewPreprocess(train))
//	...
//	trainer, err := linear.NewTrainer(linear.TrainConfig{Optimizer: optim.Adam{LR: 1e-4}},
//		linear.Data[float32]{Train: linear.NewSet(examples)})
//	...
//	result, err := trainer.Run(ctx)
package linear
