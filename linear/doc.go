// Package linear is the lecture's linear classifier, from the files of CIFAR-10 to a trained model, with the
// same bits on every CPU.
//
// [LoadCIFAR10] and [LoadCIFAR100] load a folder of files as [Dataset]s, which keep the bytes.
// [NewPreprocess] takes the mean image of the training set, and [NewExamples] makes features of bytes: rows
// of [Features] elements, the last of them the constant 1. A [Sampler] says which examples are next.
package linear
