package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The commands of README.md do what it says, in a copy of the module: those of its blocks, one after another.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("builds everything anew")
	}
	compiler(t)
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := copyModule(dir); err != nil {
		t.Fatal(err)
	}
	script := "set -e\n"
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(block[1], "go test") { // which is what runs
			script += block[1]
		}
	}
	out := run(t, []string{"CGO_ENABLED=1"}, "sh", "-c", "cd '"+dir+"'\n"+script)
	hello, digest := "0.875 2.125 2.875\n", trained+"\n"
	if !strings.HasPrefix(out, hello+hello) || !strings.HasSuffix(out, digest+digest) ||
		!strings.Contains(string(text), trained) || !strings.Contains(out, "1000 tensors of 64: ") {
		t.Errorf("README.md's commands print\n%s", out)
	}
}

// The snippet of the section Call compiles.
func TestSnippet(t *testing.T) {
	compiler(t)
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	snippet := regexp.MustCompile("(?s)```c\n(.*?)```").FindStringSubmatch(string(text))
	if snippet == nil {
		t.Fatal("README.md has no snippet in C")
	}
	include, body, _ := strings.Cut(snippet[1], "\n")
	source := filepath.Join(t.TempDir(), "snippet.c")
	const train = "static inline void train(size_t n, uint64_t steps, float *x, float *m, float *v, const float *g)\n{"
	program := "#include <stdio.h>\n" + include + "\n" + train + body + "}\n"
	if err := os.WriteFile(source, []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, nil, compiler(t), append(append([]string{}, warnings...), "-fsyntax-only", source)...)
}

// copyModule copies the module's files.
func copyModule(dir string) error {
	return filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == ".git" && d.IsDir():
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(dir, path[2:]), 0o755)
		case !d.Type().IsRegular() || d.Name() == ".git":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, path[2:]), text, 0o644)
	})
}
