// Package linear is the lecture's linear classifier, and least squares: losses, trainer and model, with the same
// bits on every CPU. What it learns from is in package dataset.
//
// A [Problem] is a [Loss] over a [Set] of examples as a function of a model's weights: its value, its gradient
// over a batch or the whole set, and what the model gets right. A [Trainer] runs any optimizer of package
// optim on it, in epochs over minibatches, with checkpoints from which a run resumes to the bit. What comes of it is
// a [Model], which predicts examples that nobody has labelled.
//
//	train, test, err := dataset.LoadCIFAR10("cifar-10-batches-bin")
//	...
//	train, held, err := train.Split(5000, 1)
//	...
//	preprocess := dataset.NewPreprocess(train) // of the training set, for all
//	examples, err := dataset.NewExamples[float32](train, preprocess)
//	...
//	validation, err := dataset.NewExamples[float32](held, preprocess)
//	...
//	trainer, err := linear.NewTrainer(linear.TrainConfig{
//		Loss:       linear.Softmax{},
//		Optimizer:  optim.Adam{LR: 1e-4},
//		Patience:   3, // epochs without a better one on the validation set
//		Checkpoint: "run.safetensors",
//	}, linear.Data[float32]{Train: linear.NewSet(examples), Validation: linear.NewSet(validation)})
//	...
//	result, err := trainer.Run(ctx)
//	...
//	model, err := linear.LoadModel[float32]("run.safetensors") // that of the best epoch, as result.Model
//	...
//	others, err := dataset.NewExamples[float32](test, model.Preprocess)
//	...
//	classes, err := model.Predict(others)
//	chances, err := model.Probabilities(others)
//	fmt.Println(model.ClassNames[classes[0]], chances.Row(0))
//
// A loss of one's own is a type with the methods of [Loss]. A set with Values instead of Labels is a regression.
package linear
