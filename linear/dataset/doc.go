// Package dataset holds what a classifier learns from: the files of CIFAR-10 and CIFAR-100, a painter of
// pictures for whoever has not got them, features, and the order in which examples come.
//
// [LoadCIFAR10] and [LoadCIFAR100] load a folder of files as [Images], which keep the bytes; [Synthetic] makes
// a set in their format. [NewPreprocess] takes the mean image of the training set, and [NewExamples] makes
// features of bytes: rows of [Features] elements, the last of them the constant 1. A [Source] is anything that
// hands out rows of features: [Examples], which convert bytes each time that they are used, a [Matrix] in
// memory, or a type of your own. A [Sampler] says which examples are next.
//
//	train, test, err := dataset.LoadCIFAR10("cifar-10-batches-bin")
//	...
//	examples, err := dataset.NewExamples[float32](train, dataset.NewPreprocess(train))
//	...
//	sampler := dataset.Shuffled(examples.Len(), 1)
//	indices := make([]int, 256)
//	batch := make([]float32, len(indices)*dataset.Features)
//	n := sampler.Next(indices)
//	examples.FillRows(bitstep.On[float32](bitstep.Active()), batch, dataset.Features, indices[:n])
//
// Everything here has the same bytes and bits on every machine, and with any number of threads.
package dataset
