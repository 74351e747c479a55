package fusecheck

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The targets whose compilers fuse. What one fuses most do: the first two find nearly all.
var targets = [][]string{
	{"GOARCH=arm64"},
	{"GOARCH=s390x"},
	{"GOARCH=amd64", "GOAMD64=v3"},
	{"GOARCH=loong64"},
	{"GOARCH=ppc64le"},
	{"GOARCH=riscv64"},
}

// chosen are the targets that BITSTEP_FUSECHECK asks for, all or few. Without it the test is skipped.
func chosen(t *testing.T) [][]string {
	switch choice := os.Getenv("BITSTEP_FUSECHECK"); choice {
	case "":
		t.Skip("compiles for other targets: set BITSTEP_FUSECHECK=few to run, as CI does, or BITSTEP_FUSECHECK=all")
	case "few":
		return targets[:2]
	case "all":
	default:
		t.Fatalf("BITSTEP_FUSECHECK = %q, want few or all", choice)
	}
	return targets
}

var (
	instruction = regexp.MustCompile(`^\t0x[0-9a-f]+ \d+ \((.+):(\d+)\)\t([A-Z0-9.]+)`)
	function    = regexp.MustCompile(`^\S+ STEXT `)
	fused       = regexp.MustCompile(`^V?FN?M(ADD|SUB)|^WFN?M[AS][DS]`)
)

// A finding is a fused instruction with its source line.
type finding struct{ mnemonic, file, line, text string }

// compile compiles packages for a target and returns how many functions it saw and what is fused.
func compile(t *testing.T, dir string, env []string, overlay, flags string, packages ...string) (
	functions int, found []finding) {
	t.Helper()
	args := append([]string{"build", "-trimpath=false", overlay, "-gcflags=" + flags}, packages...)
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux"), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", env, err, out[max(0, len(out)-2000):])
	}
	sources := map[string][]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		if function.MatchString(lines.Text()) {
			functions++
		}
		m := instruction.FindStringSubmatch(lines.Text())
		if m == nil || !fused.MatchString(m[3]) {
			continue
		}
		file, number := m[1], m[2]
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		if sources[file] == nil {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources[file] = strings.Split(string(text), "\n")
		}
		n, _ := strconv.Atoi(number)
		found = append(found, finding{m[3], file, number, strings.TrimSpace(sources[file][n-1])})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return functions, found
}

// No package of the module has a fused instruction but where its source says math.FMA.
func TestNothingIsFused(t *testing.T) {
	targets := chosen(t)
	const module = "github.com/bitstep-go/bitstep"
	// Without the C library's, whose files cgo alone compiles: it computes nothing itself.
	list := exec.Command("go", "list", "-f", "{{if .GoFiles}}{{.ImportPath}}{{end}}", module+"/...")
	list.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages, users []string // all that matters, and what users import
	for _, p := range strings.Fields(string(out)) {
		if p == module+"/asmgen" { // runs on the developer's machine only
			continue
		}
		packages = append(packages, p)
		if !strings.HasPrefix(p, module+"/bench") && !strings.Contains(p, "/internal/") {
			users = append(users, p)
		}
	}
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	overlay := instantiate(t, dir, "fusecheck", users...)
	for _, env := range targets {
		functions, found := compile(t, dir, env, overlay, module+"/...=-S", packages...)
		allowed := 0
		for _, f := range found {
			if strings.Contains(f.text, "math.FMA(") {
				allowed++
				continue
			}
			t.Errorf("%v: %s:%s: %s in: %s", env, f.file, f.line, f.mnemonic, f.text)
		}
		fmt.Printf("fusecheck %v: %d functions, %d meant, %d others\n", env, functions, allowed, len(found)-allowed)
		if functions < 100 {
			t.Errorf("%v: only %d functions seen", env, functions)
		}
	}
}

// The check finds products that are fused, and only those, on every target: also in generic code that nothing
// but the check instantiates.
func TestFusionIsFound(t *testing.T) {
	targets := chosen(t)
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module fused\n\ngo 1.26\n")
	write("use/use.go", "package use\n")
	write("fused.go", `package fused

func plain(x, y, z float64) float64 { return x*y + z }

func kept(x, y, z float64) float64 { return float64(x*y) + z }

func Generic[T float32 | float64, N any](x, y, z T, n N) T { return inner(x, y, z) }

func inner[T float32 | float64](x, y, z T) T { return x*y + z }

type Type[T float32 | float64] struct{}

func (Type[T]) Method(x, y, z T) T { return x*y + z }
`)
	t.Setenv("GOFLAGS", "-mod=mod")
	overlay := instantiate(t, filepath.Join(dir, "use"), "use", "fused")
	for _, env := range targets {
		_, found := compile(t, dir, env, overlay, "./...=-S", "./...")
		seen := map[string]bool{}
		for _, f := range found {
			seen[f.line] = true
		}
		if len(seen) != 3 || !seen["3"] || !seen["9"] || !seen["13"] {
			t.Errorf("%v: found %v, want them on the lines 3, 9 and 13", env, found)
		}
	}
}
