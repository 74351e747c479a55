// Command bench shows what bitstep does on this machine: it describes the CPU, verifies every kernel on
// every backend against the definitions and the golden hashes, and measures every kernel against the
// ceilings that it measures in the same run.
//
//	go run ./bench          all of it, in under two minutes
//	go run ./bench help     what else it does
//
// It exits with status 1 if a kernel returns wrong bits or something else fails, 2 after a mistake in the
// command line and 130 after an interrupt. (go run prints that status, and exits with 1 itself.)
//
// The same program installs as bitstep-bench: go install github.com/bitstep-go/bitstep/bench/bitstep-bench@latest
package main

import (
	"os"

	"github.com/bitstep-go/bitstep/bench/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
