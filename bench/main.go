// Command bench shows what bitstep does on this machine: it describes the CPU, verifies every kernel on
// every backend against the definitions and the golden hashes, and measures every kernel against the
// ceilings that it measures in the same run.
//
//	go run ./bench                  all of it, in under two minutes
//	go run ./bench -quick           the same with one size and few samples
//	go run ./bench train            trains and tests a classifier of images
//	go run ./bench random-search    the lecture's first strategy, and gradient descent beside it
//
// It exits with status 1 if a kernel returns wrong bits or something else fails, 2 after a mistake in the
// command line and 130 after an interrupt. (go run prints that status, and exits with 1 itself.) Each subcommand
// lists its flags with -help.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 {
		switch args[0] {
		case "train":
			os.Exit(train(args[1:]))
		case "random-search":
			os.Exit(randomSearch(args[1:]))
		}
	}
	os.Exit(measure(args))
}

// measure is bench without a subcommand. It returns the program's exit status.
func measure(args []string) int {
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := set.Bool("quick", false, "fewer sizes and samples, to see that everything works")
	jsonFile := set.String("json", "", "also write the measurements to this `file`")
	set.Usage = func() {
		fmt.Fprintln(set.Output(), `usage: go run ./bench [-quick] [-json file]
       go run ./bench train [flags]
       go run ./bench random-search [flags]

Without a subcommand it verifies and measures every kernel.`)
		fmt.Fprintf(set.Output(),
			"BITSTEP=NAME in the environment chooses a backend: this machine runs %v.\n\nflags:\n", bitstep.Backends())
		set.PrintDefaults()
	}
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if set.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bench: unexpected argument %q\n", set.Arg(0))
		set.Usage()
		return 2
	}
	if *jsonFile != "" { // better now than when all is measured
		if err := checkFile("-json", *jsonFile); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %v; -help lists the flags\n", err)
			return 2
		}
	}
	if err := run(*quick, *jsonFile); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

func run(quick bool, jsonFile string) error {
	m := describe()
	m.print(os.Stdout)
	if err := verify(os.Stdout); err != nil {
		return err
	}
	debug.SetGCPercent(-1) // nothing below makes garbage worth stopping for
	results := measureKernels(os.Stdout, m, bitstep.Active(), quick)
	results = append(results, measureProducts(os.Stdout, bitstep.Active(), quick)...)
	debug.SetGCPercent(100) // the memory of what was measured makes room
	trained, err := measureTraining(os.Stdout, bitstep.Active(), quick)
	if err != nil {
		return err
	}
	results = append(results, trained...)
	if jsonFile == "" {
		return nil
	}
	text, err := json.MarshalIndent(struct {
		Machine machine
		Results []result
	}{m, results}, "", "\t")
	if err != nil {
		return err
	}
	return writeFile(jsonFile, append(text, '\n'))
}

// writeFile replaces a file whole or not at all.
func writeFile(name string, text []byte) error {
	return checkpoint.Replace(name, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// A result is one measurement. What was not measured is 0.
type result struct {
	Name         string // kernel=Adam/type=float32/backend=avx2/n=4096
	Level        string // L1, L2, L3 or DRAM; empty for products and training
	Threads      int
	NsPerElem    float64 `json:",omitempty"`
	GBs          float64 `json:",omitempty"`
	GFLOPs       float64 `json:",omitempty"`
	ImagesPerSec float64 `json:",omitempty"`
	Ceiling      float64 `json:",omitempty"` // the share of the ceiling, 1 being all
	VersusGo     float64 `json:",omitempty"` // how many times as fast as pure Go
}
