// Command samebits tells whether a program prints the same on every architecture. It builds a main package for each
// target, runs it, on this machine or under QEMU, and compares what it writes to standard output, byte for byte:
//
//	go run github.com/bitstep-go/bitstep/samebits -on amd64,arm64,riscv64,s390x ./cmd/digest -steps 100
//
// A target is a GOARCH, and perhaps settings for its build and its run, behind colons: amd64:GOAMD64=v3:GOMAXPROCS=1.
// This machine's GOARCH without settings stands for one target for each backend that it can run. The first target is
// what the others are compared with. The exit status is 1 if any differs, and 2 if that could not be found out: no
// target is left out.
//
// What several machines print, each with -o FILE, is compared by
//
//	go run github.com/bitstep-go/bitstep/samebits -compare FILE...
//
// With -emulator GOARCH it prints the command that runs a program of that architecture here, for scripts.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// An output is what a program printed on a target, or what a file has of it.
type output struct {
	name string
	text []byte
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("samebits", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "samebits [-on TARGET,...] [-p N] [-o FILE] PACKAGE [ARGUMENT...]\n"+
			"samebits -compare FILE...\nsamebits -emulator GOARCH")
		flags.PrintDefaults()
	}
	on := flags.String("on", runtime.GOARCH, "targets: each a GOARCH, with settings as in amd64:GOAMD64=v3")
	atOnce := flags.Int("p", runtime.GOMAXPROCS(0), "how many targets are built and run at once")
	file := flags.String("o", "", "write what the program prints to this file")
	compare := flags.Bool("compare", false, "compare files that -o wrote")
	emulator := flags.String("emulator", "", "print the command that runs programs of this GOARCH")
	if flags.Parse(args) != nil {
		return 2
	}
	if *emulator != "" {
		t := target{goarch: *emulator}
		command, err := t.emulator()
		if err != nil {
			fmt.Fprintln(stderr, "samebits:", err)
			return 2
		}
		fmt.Fprintln(stdout, strings.Join(append(append([]string{"env"}, t.emulated()...), command...), " "))
		return 0
	}
	if *atOnce < 1 {
		fmt.Fprintf(stderr, "samebits: -p is %d, want at least 1\n", *atOnce)
		return 2
	}
	outputs, err := collect(*compare, *on, *atOnce, flags.Args(), stdout)
	if err == nil && len(outputs) < 2 && *file == "" {
		err = fmt.Errorf("%s alone: there is nothing to compare", outputs[0].name)
	}
	if err == nil && *file != "" {
		err = os.WriteFile(*file, outputs[0].text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(stderr, "samebits:", err)
		return 2
	}
	if different := report(stdout, outputs); different > 0 {
		return 1
	}
	return 0
}

// collect returns what there is to compare, one output or more, and prints the digest of each in the order of the
// targets, of which so many run at once.
func collect(compare bool, on string, atOnce int, args []string, stdout io.Writer) (outputs []output, err error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("neither a package nor files: see -help")
	}
	add := func(name string, text []byte, err error, note string) error {
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		case len(text) == 0:
			return fmt.Errorf("%s: nothing was printed, which would be the same everywhere", name)
		}
		outputs = append(outputs, output{name, text})
		fmt.Fprintf(stdout, "%-24s %x%s\n", name, sha256.Sum256(text), note)
		return nil
	}
	if compare {
		for _, name := range args {
			text, err := os.ReadFile(name)
			if err := add(name, text, err, ""); err != nil {
				return nil, err
			}
		}
		return outputs, nil
	}
	targets, err := parse(on)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel() // of the others, after an error
	turns := make(chan struct{}, atOnce)
	type result struct {
		text    []byte
		err     error
		seconds float64
	}
	results := make([]chan result, len(targets))
	for i, t := range targets {
		results[i] = make(chan result, 1)
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			start := time.Now()
			text, err := t.run(ctx, args[0], args[1:])
			results[i] <- result{text, err, time.Since(start).Seconds()}
		})
	}
	for i, t := range targets {
		r := <-results[i]
		if err := add(t.String(), r.text, r.err, fmt.Sprintf("  %.1fs", r.seconds)); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

// report names the outputs that differ from the first, and where, and returns how many they are.
func report(w io.Writer, outputs []output) (different int) {
	want := outputs[0]
	for _, got := range outputs[1:] {
		if bytes.Equal(got.text, want.text) {
			continue
		}
		different++
		a, b := strings.Split(string(got.text), "\n"), strings.Split(string(want.text), "\n")
		n := 0
		for n < min(len(a), len(b))-1 && a[n] == b[n] {
			n++
		}
		fmt.Fprintf(w, "%s differs from %s: line %d is %q, not %q\n", got.name, want.name, n+1, a[n], b[n])
	}
	if different == 0 {
		fmt.Fprintf(w, "the same bytes %d times\n", len(outputs))
	} else {
		fmt.Fprintf(w, "%d of %d differ from %s\n", different, len(outputs), want.name)
	}
	return different
}
