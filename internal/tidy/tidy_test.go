package tidy

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/bitstep-go/bitstep"

// A room is a package as go list describes it.
type room struct {
	ImportPath, Doc string
	Standard        bool
	Imports         []string
	Module          *struct{ Path string }
}

func list(t *testing.T, args ...string) (packages []room) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Doc,Standard,Imports,Module"}, args...)...)
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p room
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// What a user imports needs the standard library, cpuid and x/sys, whatever the architecture.
func TestUserDependencies(t *testing.T) {
	allowed := map[string]bool{module: true, "github.com/klauspost/cpuid/v2": true, "golang.org/x/sys": true}
	for _, arch := range []string{"amd64", "arm64", "s390x"} {
		t.Setenv("GOARCH", arch)
		for _, p := range list(t, "-deps", module, module+"/kernels", module+"/optim/...", module+"/linear/...",
			module+"/receipt") {
			if !p.Standard && (p.Module == nil || !allowed[p.Module.Path]) {
				t.Errorf("GOARCH=%s: users would import %s", arch, p.ImportPath)
			}
		}
	}
}

// Imports run one way: linear -> linear/dataset -> optim and its rooms -> bitstep -> kernels -> kernels/table; asmgen
// reads the table, and the parser of its lines, alone, since what it makes is what kernels needs to compile; nothing
// imports asmgen or bench. Of the internal packages users' code reaches those that have a level: the helpers.
func TestImportDirection(t *testing.T) {
	level := map[string]int{
		module + "/internal/num": 0, module + "/internal/stream": 0, module + "/kernels/table": 0,
		module + "/internal/mem": 1, module + "/internal/caches": 1,
		module + "/internal/check": 1, module + "/internal/crew": 1, module + "/kernels": 1, module: 2,
		module + "/optim/checkpoint": 3, module + "/optim/schedule": 4,
		module + "/optim": 5, module + "/optim/minimize": 5, module + "/linear/dataset": 6, module + "/linear": 7,
		module + "/receipt": 2, module + "/linear/witness": 8}
	for _, p := range list(t, "./...") {
		for _, imported := range p.Imports {
			bench := strings.HasPrefix(imported, module+"/bench")
			if imported == module+"/asmgen" || bench && !strings.HasPrefix(p.ImportPath, module+"/bench") {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
			from, a := level[p.ImportPath]
			to, b := level[imported]
			if a && b && to >= from {
				t.Errorf("%s imports %s, against the direction", p.ImportPath, imported)
			}
			if a && !b && strings.HasPrefix(imported, module+"/internal/") {
				t.Errorf("%s imports %s: only tests and tools may", p.ImportPath, imported)
			}
			ours := strings.HasPrefix(imported, module)
			generates := imported == module+"/kernels/table" || imported == module+"/internal/program"
			if p.ImportPath == module+"/asmgen" && ours && !generates {
				t.Errorf("asmgen imports %s", imported)
			}
		}
		if p.Doc == "" && !strings.Contains(p.ImportPath, "/internal/") {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// Lines fit a screen beside another. Generated files are exempt.
func TestLineLength(t *testing.T) {
	const limit = 120
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			text := lines.Text()
			if n == 1 && strings.HasPrefix(text, "// Code generated") {
				return nil
			}
			if width := len([]rune(strings.ReplaceAll(text, "\t", "    "))); width > limit {
				t.Errorf("%s:%d: %d columns, want at most %d", path, n, width, limit)
			}
		}
		return lines.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The files that say that they are generated are those that .gitattributes tells GitHub of.
func TestGeneratedAttribute(t *testing.T) {
	if _, err := os.Stat("../../.git"); err != nil {
		t.Skip("not a clone: ", err)
	}
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("a machine with nothing but Go: ", err)
	}
	git := func(args ...string) []byte {
		cmd := exec.Command("git", args...)
		cmd.Dir = "../.."
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %s: %v", args[0], err)
		}
		return out
	}
	files := strings.Fields(string(git("ls-files", "*.go", "*.s")))
	said := string(git(append([]string{"check-attr", "linguist-generated", "--"}, files...)...))
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed and not yet committed
		} else if err != nil {
			t.Fatal(err)
		}
		is := strings.HasPrefix(string(text), "// Code generated ")
		if is != strings.Contains(said, file+": linguist-generated: set\n") {
			t.Errorf("%s is generated: %v; .gitattributes says otherwise", file, is)
		}
	}
}
