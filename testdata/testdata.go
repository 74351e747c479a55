// Package testdata embeds the golden hashes for the bench command. (The go command leaves this folder
// out of ./...; it can be imported by name.)
package testdata

import _ "embed"

// Golden is golden.txt: a line for each case of package golden, its name and its hash.
//
//go:embed golden.txt
var Golden string
