// Package testdata embeds what the tests and the bench command compare with, so that a test program needs
// no files beside it. (The go command leaves this folder out of ./...; it can be imported by name.)
package testdata

import (
	"embed"
	"io/fs"
)

// Golden is golden.txt: a line for each case of package golden, its name and its hash.
//
//go:embed golden.txt
var Golden string

// NumPy is numpy.txt: operands and results of every kernel as make_numpy.py computed them.
//
//go:embed numpy.txt
var NumPy string

// Weights is weights.txt: a line for each training of package golden, its name and its weights' hash.
//
//go:embed weights.txt
var Weights string

// CIFAR10Dir is the folder of CIFAR10.
const CIFAR10Dir = "cifar-10-synthetic"

//go:embed cifar-10-synthetic
var files embed.FS

// CIFAR10 returns a small synthetic set in CIFAR-10's files: linear.Synthetic with seed 1, 300 training
// examples, 60 a file, and 120 test examples.
func CIFAR10() fs.FS {
	sub, err := fs.Sub(files, CIFAR10Dir)
	if err != nil {
		panic(err) // only for an invalid name
	}
	return sub
}

// Trajectories is trajectories.txt: a line for each trajectory of package golden, its name and its hash.
//
//go:embed trajectories.txt
var Trajectories string

// Torch is torch.txt: trajectories of PyTorch's optimizers as make_torch.py computed them.
//
//go:embed torch.txt
var Torch string

// Resume is resume.safetensors: a checkpoint of optimizers after 30 steps, made once.
//
//go:embed resume.safetensors
var Resume string

// TorchSchedules is torch_schedules.txt: learning rates of PyTorch's schedulers as make_torch_schedules.py
// computed them.
//
//go:embed torch_schedules.txt
var TorchSchedules string

// Schedules is schedules.txt: a line for each schedule of optim's golden test, its name and its hash.
//
//go:embed schedules.txt
var Schedules string

// SciPy is scipy.txt: how SciPy minimizes the problems of package problems, as make_scipy.py ran it.
//
//go:embed scipy.txt
var SciPy string

// Minimizers is minimizers.txt: a line for each minimization of package optim's golden test and its hash.
//
//go:embed minimizers.txt
var Minimizers string
