package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/optim"
)

// elementTypes are the values of -type, in the order of byType.
var elementTypes = []string{"float32", "float64"}

// byType returns the instance of something generic for an element type.
func byType[F any](typ string, f32, f64 F) (f F, err error) {
	switch typ {
	case elementTypes[0]:
		return f32, nil
	case elementTypes[1]:
		return f64, nil
	}
	return f, usageError{fmt.Errorf("-type %s, want %s", typ, either(elementTypes))}
}

// backendNames are those that this machine can run.
func backendNames() (names []string) {
	for _, b := range bitstep.Backends() {
		names = append(names, b.String())
	}
	return names
}

// either writes names as a, b or c, in lines that flags' descriptions have room for.
func either(names []string) string {
	var text strings.Builder
	width := 0
	for i, name := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			text.WriteString(" or ")
		case width > 60:
			text.WriteString(",\n")
			width = 0
		default:
			text.WriteString(", ")
		}
		text.WriteString(name)
		width += len(name) + 2
	}
	return text.String()
}

// A written is a file that a run writes.
type written struct{ flag, name string } // whose folder or name the flag tells

// checkFiles returns a usageError if one of the files cannot be written, or two are the same: of those only the last
// would be left.
func checkFiles(files ...written) error {
	for i, f := range files {
		if info, err := os.Stat(filepath.Dir(f.name)); err != nil || !info.IsDir() {
			return usageError{fmt.Errorf("%s %s: there is no such folder", f.flag, f.name)}
		}
		if err := record.Writable(f.name, true); err != nil {
			return usageError{fmt.Errorf("%s: %w", f.flag, err)}
		}
		for _, g := range files[:i] {
			if sameFile(f.name, g.name) {
				return usageError{fmt.Errorf("%s: %s is a file of %s already", f.flag, f.name, g.flag)}
			}
		}
	}
	return nil
}

// sameFile reports whether two names are those of one file, which there may be or not.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	other, unread := os.Stat(b)
	return err == nil && unread == nil && os.SameFile(one, other) || place(a) == place(b)
}

// place is a file's name with the folder as it is without links.
func place(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		name = abs
	}
	dir, base := filepath.Split(name)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return filepath.Join(dir, base)
}

// makeFolder makes the folder of -out if need be.
func makeFolder(name string) error {
	if err := os.MkdirAll(name, 0o777); err != nil {
		return usageError{fmt.Errorf("-out %q: %w", name, err)}
	}
	return nil
}

func samplingNames() (names []string) {
	for _, k := range dataset.SamplerKinds() {
		names = append(names, k.String())
	}
	return names
}

// algorithmNames are the algorithms.
func algorithmNames() (names []string) {
	for _, a := range optim.Algorithms() {
		for _, n := range a.Names {
			names = append(names, n.Name)
		}
	}
	return names
}

// optimizerNames are the algorithms, and what is to be said of them.
func optimizerNames() (names []string) {
	for _, a := range optim.Algorithms() {
		for _, n := range a.Names {
			name := n.Name
			if n.About != "" {
				name += " (" + n.About + ")"
			}
			names = append(names, name)
		}
	}
	return names
}
