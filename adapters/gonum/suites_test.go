package gonumblas

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// suites are the packages of gonum whose own tests run on this package's BLAS.
var suites = map[string][]string{
	"short": {"./mat", "./lapack/gonum", "./optimize", "./stat"},
	"all":   {"./mat", "./lapack/gonum", "./optimize/...", "./stat/..."},
}

// swap is added to each of them.
const swap = `package %s

import (
	"testing"

	gonumblas "github.com/bitstep-go/bitstep/adapters/gonum"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/cblas128"
	"gonum.org/v1/gonum/blas/cblas64"
)

func init() {
	blas32.Use(gonumblas.Implementation{})
	blas64.Use(gonumblas.Implementation{})
	cblas64.Use(gonumblas.Implementation{})
	cblas128.Use(gonumblas.Implementation{})
}

func TestSwapped(t *testing.T) {
	if _, ok := blas64.Implementation().(gonumblas.Implementation); !ok {
		t.Errorf("BLAS is %%T", blas64.Implementation())
	}
}
`

// gonum's own test-suites pass with the implementation swapped in, in a copy of its module.
func TestSuites(t *testing.T) {
	packages := suites[os.Getenv("BITSTEP_GONUM_SUITES")]
	if packages == nil {
		t.Skip("BITSTEP_GONUM_SUITES=short takes a minute on two cores, and =all two: with a -timeout")
	}
	module := strings.TrimSpace(run(t, ".", "list", "-m", "-f", "{{.Dir}}", "gonum.org/v1/gonum"))
	work := t.TempDir()
	host := filepath.Join(work, "gonum")
	if err := os.CopyFS(host, os.DirFS(module)); err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	run(t, work, "work", "init", "./gonum", here, filepath.Dir(filepath.Dir(here)))
	listed := run(t, host, append([]string{"list", "-f", "{{.Dir}}={{.Name}}"}, packages...)...)
	for _, p := range strings.Fields(listed) {
		dir, name, _ := strings.Cut(p, "=")
		if err := os.WriteFile(filepath.Join(dir, "swap_test.go"), fmt.Appendf(nil, swap, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Log("\n" + run(t, host, append([]string{"test", "-count=1"}, packages...)...))
}

// run runs the go command and returns what it writes.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			t.Logf("%s", exit.Stderr)
		}
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
