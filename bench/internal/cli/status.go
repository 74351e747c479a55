package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/bitstep-go/bitstep/linear"
)

// A usageError is a mistake in the command line.
type usageError struct{ error }

// program is the command as the user typed it.
func program() string {
	if strings.Contains(os.Args[0], "go-build") { // where go run puts a program: else this one is installed
		return "go run ./bench"
	}
	return quote(os.Args[0])
}

// flags returns the command's flags, and what runs it once they are parsed.
func (c command) flags() (*flag.FlagSet, runner) {
	set := flag.NewFlagSet(strings.TrimSpace("bench "+c.name), flag.ContinueOnError)
	run := c.register(set)
	set.Usage = func() {
		fmt.Fprintf(set.Output(), "usage: %s [flags] %s\n\n%s\n", strings.TrimSpace(program()+" "+c.name), c.args,
			c.about)
		if c.example != "" {
			fmt.Fprintf(set.Output(), "\nexamples:\n%s\n", c.example)
		}
		fmt.Fprintln(set.Output(), "\nflags:")
		set.PrintDefaults()
	}
	return set, run
}

// parse parses flags wherever they stand, before, between and after the words that it returns. All after -- are words.
func parse(set *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := set.Parse(args); err != nil || set.NArg() == 0 {
			return words, err
		}
		if flags := len(args) - set.NArg(); flags > 0 && args[flags-1] == "--" {
			return append(words, set.Args()...), nil
		}
		words, args = append(words, set.Arg(0)), set.Args()[1:]
	}
}

// execute parses the command line, runs the command and returns the exit status.
func (c command) execute(args []string) int {
	set, run := c.flags()
	stdout := &printed{w: os.Stdout}
	set.SetOutput(io.Discard) // the help goes where it was asked for, and errors are told below
	words, err := parse(set, args)
	if errors.Is(err, flag.ErrHelp) {
		set.SetOutput(stdout)
		set.Usage()
		return stdout.status(set.Name())
	} else if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v; -help lists the flags\n", set.Name(), err)
		return 2
	}
	if len(words) > 0 && c.args == "" {
		fmt.Fprintf(os.Stderr, "%s: unexpected argument %q; -help lists the flags\n", set.Name(), words[0])
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	again := c.resume(set)
	err = run(ctx, stdout, words)
	var interrupted *linear.InterruptedError
	var kept *interruption
	var usage usageError
	switch {
	case err == nil:
		return stdout.status(set.Name())
	case errors.As(err, &interrupted) && (errors.As(err, &kept) || interrupted.Checkpoint != ""):
		saved := fmt.Sprintf(", which is saved in %s", interrupted.Checkpoint)
		if kept != nil {
			saved, err = kept.saved(), kept.error
		}
		fmt.Fprintf(os.Stderr, "\nInterrupted after step %d%s.\nTo go on:  %s\n", interrupted.Step, saved, again)
		if err != error(interrupted) || interrupted.Unsaved != nil { // a receipt that could not be written, say
			fmt.Fprintf(os.Stderr, "%s: %v\n", set.Name(), err)
		}
		return 130
	case err == context.Canceled:
		fmt.Fprintf(os.Stderr, "\n%s: interrupted\n", set.Name())
		return 130
	case errors.Is(err, context.Canceled): // a checkpoint that could not be written is told too
		fmt.Fprintf(os.Stderr, "\n%s: interrupted: %v\n", set.Name(), err)
		return 130
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "%s: %v; -help lists the flags\n", set.Name(), err)
		return 2
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", set.Name(), err)
	return 1
}

// A printed is standard output, and remembers whether all that was written arrived: a list that is cut off must not
// pass for whole.
type printed struct {
	w   io.Writer
	err error
}

func (p *printed) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.err = cmp.Or(p.err, err)
	return n, err
}

// status is that of a command that has done all else, and tells why it is not 0.
func (p *printed) status(name string) int {
	if p.err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", name, p.err)
	return 1
}

// resume returns the command that goes on with an interrupted run: the flags that were given, as a shell
// reads them, and -resume. Another order or spelling of them would do; a run without -resume begins anew and
// replaces the one that was saved.
func (c command) resume(set *flag.FlagSet) string {
	words := []string{program(), c.name, "-resume"}
	set.Visit(func(f *flag.Flag) { // those that were given
		if f.Name != "resume" {
			words = append(words, quote("-"+f.Name+"="+f.Value.String()))
		}
	})
	return strings.Join(words, " ")
}

var plain = regexp.MustCompile(`^[-+.,:=@/\w]+$`)

// quote returns a word as a POSIX shell, and PowerShell but for a ', reads it.
func quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
