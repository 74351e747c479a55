// Package testdata embeds what the tests and the bench command compare with, so that a test program needs
// no files beside it. (The go command leaves this folder out of ./...; it can be imported by name.)
package testdata

import _ "embed"

// Golden is golden.txt: a line for each case of package golden, its name and its hash.
//
//go:embed golden.txt
var Golden string

// NumPy is numpy.txt: operands and results of every kernel as make_numpy.py computed them.
//
//go:embed numpy.txt
var NumPy string
