package snippets

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const module = "github.com/bitstep-go/bitstep"

// everything tells that commands run, and programs that need more than Go.
var everything = os.Getenv("BITSTEP_SNIPPETS") != ""

// Every block has its mark, and what the mark says holds.
func TestSnippets(t *testing.T) {
	ran := map[string]int{}
	for _, b := range blocks(t) {
		t.Run(b.String(), func(t *testing.T) {
			kind := b.run(t)
			ran[kind]++
		})
	}
	t.Log(ran)
}

// run does with a block what its mark says, and returns what that was.
func (b block) run(t *testing.T) string {
	mark, rest := b.mark, ""
	for _, m := range []string{"completed by", "from", "run by", "in a clone", "in a module with", "fails in a clone",
		"not run:"} {
		if after, ok := strings.CutPrefix(b.mark, m); ok {
			mark, rest = m, strings.TrimSpace(after)
		}
	}
	switch {
	case b.lang == "text" || b.lang == "mermaid":
		mark = b.lang
	case mark == "not run:" && rest != "":
	case mark == "from":
		if !quoted(read(t, rest), b.text) {
			t.Errorf("%s has no such lines", rest)
		}
	case mark == "run by" && b.lang == "sh":
		script := read(t, rest)
		for _, command := range trimmed(b.text) {
			if !has(script, command) {
				t.Errorf("%s does not run %s", rest, command)
			}
		}
	case mark == "completed by" && b.lang == "go":
		text := read(t, "internal/snippets/testdata/"+rest)
		before, after, found := strings.Cut(text, "// snippet\n")
		if !found {
			t.Fatalf("testdata/%s has no place for a snippet", rest)
		}
		b.program(t, before+b.text+after)
	case b.lang == "go" && strings.HasPrefix(b.text, "package main\n"):
		b.program(t, b.text)
	case mark == "fails in a clone" && !b.hasOutput:
		t.Error("it shows no output, by which its failure is that which is meant")
	case b.lang == "sh" && (strings.HasSuffix(mark, "in a clone") || mark == "in a module with"):
		if !everything {
			t.Skip("commands run if BITSTEP_SNIPPETS is set")
		}
		dir := t.TempDir()
		if mark != "in a module with" {
			clone(t, dir)
		} else {
			newModule(t, dir, module)
			write(t, filepath.Join(dir, strings.TrimSuffix(rest, ".go"), "main.go"),
				read(t, "internal/snippets/testdata/"+rest))
		}
		b.command(t, dir, mark == "fails in a clone", "bash", "-euo", "pipefail", "-c", b.text)
	default:
		t.Errorf("a block of %q is marked %q: doc.go has the marks", b.lang, b.mark)
	}
	return mark
}

// host is the import of an adapter.
var host = regexp.MustCompile(`"` + module + `/(adapters/\w+)"`)

// program builds a program in a module that requires bitstep as it is here, and runs it.
func (b block) program(t *testing.T, text string) {
	if testing.Short() {
		t.Skip("programs do not run in short tests")
	}
	used := module
	if adapter := host.FindStringSubmatch(text); adapter != nil {
		if used = module + "/" + adapter[1]; !everything {
			t.Skip("adapters are used if BITSTEP_SNIPPETS is set")
		}
	}
	if strings.Contains(text, module+"/internal/") {
		t.Error("a user cannot import internal packages")
	}
	dir := t.TempDir()
	newModule(t, dir, used)
	write(t, filepath.Join(dir, "main.go"), regexp.MustCompile(`(?m)^\t*\.\.\.[^\n]*\n`).ReplaceAllString(text, ""))
	b.command(t, dir, false, "go", "run", ".")
}

// newModule makes a module that requires one of this repository's.
func newModule(t *testing.T, dir, path string) {
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	mod, folder := "module try\n\ngo 1.26.0\n\nreplace "+module+" => "+here+"\n", "."
	if path != module {
		folder = strings.TrimPrefix(path, module+"/")
		mod = regexp.MustCompile(`(?m)^module .*`).ReplaceAllString(read(t, folder+"/go.mod"), "module try")
		mod = strings.Replace(mod, "=> ../..\n", "=> "+here+"\n", 1)
		mod += "\nreplace " + path + " => " + filepath.Join(here, folder) + "\n"
	}
	write(t, filepath.Join(dir, "go.mod"), mod+"\nrequire "+path+" v0.0.0\n")
	write(t, filepath.Join(dir, "go.sum"), read(t, folder+"/go.sum"))
}

func write(t *testing.T, name, text string) {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// clone copies the files of the repository, those that are not committed, too.
func clone(t *testing.T, dir string) {
	list := exec.Command("git", "ls-files", "-co", "--exclude-standard", "-z")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.FieldsFunc(string(names), func(r rune) bool { return r == 0 }) {
		write(t, filepath.Join(dir, name), read(t, name))
	}
}

// command runs a command in a folder, and compares what it prints with what the document shows.
func (b block) command(t *testing.T, dir string, fails bool, name string, args ...string) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-trimpath -mod=mod -buildvcs=false", "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !(fails && errors.As(err, &exit)) {
		t.Fatalf("%v\n%s%s", err, out, &stderr)
	}
	if err == nil && fails {
		t.Errorf("it does not fail:\n%s", out)
	}
	if b.hasOutput && !like(string(out), b.output) {
		t.Errorf("it prints\n%snot\n%s", out, b.output)
	}
}
