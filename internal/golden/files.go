package golden

import (
	"fmt"
	"strings"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/testdata"
)

// A File is a list of hashes in testdata, with what makes them.
type File struct {
	What  string // is hashed
	Name  string
	Text  string
	Lines []Line
}

// A Line is one line of a file: its name, and its hash on a backend.
type Line struct {
	Name string
	Hash func(b bitstep.Backend) (string, error)
}

// Files lists the files whose hashes depend on kernels.
func Files() []File {
	kernels := File{What: "results of kernels", Name: "golden.txt", Text: testdata.Golden}
	for _, c := range Cases() {
		kernels.add(c, func(b bitstep.Backend) (string, error) { return Call(c, b), nil })
	}
	trajectories := File{What: "trajectories of optimizers", Name: "trajectories.txt", Text: testdata.Trajectories}
	for _, c := range Trajectories() {
		trajectories.add(c, c.Follow)
	}
	minimizers := File{What: "minimizations", Name: "minimizers.txt", Text: testdata.Minimizers}
	for _, c := range Minimizations() {
		minimizers.add(c, func(b bitstep.Backend) (string, error) { return c.Follow(b), nil })
	}
	weights := File{What: "trained classifiers", Name: "weights.txt", Text: testdata.Weights}
	for _, c := range Trainings() {
		weights.add(c, func(b bitstep.Backend) (string, error) { return c.Run(b, 0, false) })
	}
	return []File{kernels, trajectories, minimizers, weights}
}

func (f *File) add(name fmt.Stringer, hash func(b bitstep.Backend) (string, error)) {
	f.Lines = append(f.Lines, Line{name.String(), hash})
}

// Compare returns an error for the first line that a backend gives and the file does not have. It calls
// done after each line.
func (f File) Compare(b bitstep.Backend, done func()) error {
	want := strings.Split(strings.TrimSuffix(f.Text, "\n"), "\n")
	if len(want) != len(f.Lines) {
		return fmt.Errorf("testdata/%s has %d lines, want %d", f.Name, len(want), len(f.Lines))
	}
	for i, line := range f.Lines {
		hash, err := line.Hash(b)
		if err != nil {
			return fmt.Errorf("%v: %s: %w", b, line.Name, err)
		}
		if got := line.Name + " " + hash; got != want[i] {
			return fmt.Errorf("%v gives %s, testdata/%s has %s", b, got, f.Name, want[i])
		}
		done()
	}
	return nil
}
