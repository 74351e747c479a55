package golden

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bitstep-go/bitstep"
)

// A File is a list of hashes in testdata, with what makes them. The hashes are compiled in (hashes.go), so that
// the bench command needs no files.
type File struct {
	What  string // is hashed
	Name  string
	Lines []Line
}

// A Line is one line of a file: its name, and its hash on a backend.
type Line struct {
	Name string
	Hash func(b bitstep.Backend) (string, error)
}

// Files lists the files whose hashes depend on kernels.
func Files() []File { return []File{Kernels(), Optimizers(), Minimizers(), Classifiers(1, false)} }

// Kernels is what kernels make of the cases of [Cases].
func Kernels() File { return kernelsBy(Call) }

// Definitions is Kernels made by the definitions, whatever the backend.
func Definitions() File {
	return kernelsBy(func(c Case, _ bitstep.Backend) string { return Define(c) })
}

func kernelsBy(hash func(c Case, b bitstep.Backend) string) File {
	return list("results of kernels", "golden.txt", Cases(),
		func(c Case, b bitstep.Backend) (string, error) { return hash(c, b), nil })
}

// Optimizers is what optimizers make of [Trajectories].
func Optimizers() File {
	return list("trajectories of optimizers", "trajectories.txt", Trajectories(), Trajectory.Follow)
}

// Minimizers is what minimizers make of [Minimizations].
func Minimizers() File {
	return list("minimizations", "minimizers.txt", Minimizations(),
		func(m Minimization, b bitstep.Backend) (string, error) { return m.Follow(b), nil })
}

// Classifiers is what becomes of [Trainings] with so many threads, from pixels or from rows in memory.
func Classifiers(threads int, resident bool) File {
	return list("trained classifiers", "weights.txt", Trainings(),
		func(t Training, b bitstep.Backend) (string, error) { return t.Run(b, threads, resident) })
}

func list[C fmt.Stringer](what, name string, cases []C, hash func(C, bitstep.Backend) (string, error)) File {
	f := File{What: what, Name: name}
	for _, c := range cases {
		f.Lines = append(f.Lines, Line{c.String(), func(b bitstep.Backend) (string, error) { return hash(c, b) }})
	}
	return f
}

// List returns the text of a list of testdata, as it was compiled in.
func List(name string) string { return hashes[name] }

// Compare returns an error that names every line that a backend gives and the file does not have. It calls
// done after each line.
func (f File) Compare(b bitstep.Backend, done func()) error {
	want := strings.Split(strings.TrimSuffix(hashes[f.Name], "\n"), "\n")
	if len(want) != len(f.Lines) {
		return fmt.Errorf("testdata/%s has %d lines, want %d", f.Name, len(want), len(f.Lines))
	}
	var wrong []error
	for i, line := range f.Lines {
		got, err := line.text(b)
		if err == nil && got != want[i] {
			err = fmt.Errorf("%v gives %s, testdata/%s has %s", b, got, f.Name, want[i])
		}
		wrong = append(wrong, err)
		done()
	}
	return errors.Join(wrong...)
}

// Make returns the file's text as a backend gives it.
func (f File) Make(b bitstep.Backend) (string, error) {
	var text strings.Builder
	for _, line := range f.Lines {
		s, err := line.text(b)
		if err != nil {
			return "", err
		}
		text.WriteString(s + "\n")
	}
	return text.String(), nil
}

func (l Line) text(b bitstep.Backend) (string, error) {
	hash, err := l.Hash(b)
	if err != nil {
		return "", fmt.Errorf("%v: %s: %w", b, l.Name, err)
	}
	return l.Name + " " + hash, nil
}
