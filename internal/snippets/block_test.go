package snippets

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.." // of the repository

// A block is a fenced block of a document.
type block struct {
	file      string // from root
	line      int
	lang      string
	mark      string
	text      string
	output    string // what it shows of its output
	hasOutput bool
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.file, b.line) }

// tested are documents whose blocks tests of their own run, and these tests.
var tested = map[string]string{
	"python/README.md": "python/tests/test_readme.py",
	"capi/README.md":   "capi/readme_test.go",
}

// documents returns the names of all that a user reads, from root.
func documents(t *testing.T) (names []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "*/README.md", "*/*/README.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name, err := filepath.Rel(root, f)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, filepath.ToSlash(name))
		}
	}
	if !slices.Contains(names, "README.md") || !slices.Contains(names, "docs/ci.md") {
		t.Fatalf("documents are %v", names)
	}
	return names
}

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks returns the fenced blocks of all documents that no other test runs.
func blocks(t *testing.T) (all []block) {
	t.Helper()
	for _, name := range documents(t) {
		if test, ok := tested[name]; ok {
			if !strings.Contains(read(t, test), "README.md") {
				t.Errorf("%s does not read %s", test, name)
			}
			continue
		}
		found, err := parse(name, read(t, name))
		if err != nil {
			t.Error(err)
		}
		all = append(all, found...)
	}
	return all
}

// parse returns the fenced blocks of a document.
func parse(file, text string) (all []block, err error) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		info, ok := strings.CutPrefix(lines[i], "```")
		if !ok {
			if strings.Contains(lines[i], "```") {
				return nil, fmt.Errorf("%s:%d: a fence within a line", file, i+1)
			}
			continue
		}
		b := block{file: file, line: i + 1, lang: info}
		if i > 0 {
			if mark, ok := strings.CutPrefix(lines[i-1], "<!-- "); ok {
				b.mark = strings.TrimSuffix(mark, " -->")
			}
		}
		end := slices.Index(lines[i+1:], "```")
		if end < 0 {
			return nil, fmt.Errorf("%v: the block has no end", b)
		}
		for _, line := range lines[i+1 : i+1+end] {
			b.text += line + "\n"
		}
		i += 1 + end
		if b.lang != "text output" {
			all = append(all, b)
		} else if len(all) == 0 || all[len(all)-1].hasOutput {
			return nil, fmt.Errorf("%v: output of no block", b)
		} else {
			all[len(all)-1].output, all[len(all)-1].hasOutput = b.text, true
		}
	}
	return all, nil
}

// like reports whether a text is what a document shows, where "..." stands for anything in its line.
func like(text, shown string) bool {
	a, b := strings.Split(text, "\n"), strings.Split(shown, "\n")
	return slices.EqualFunc(a, b, func(line, shown string) bool {
		before, after, dots := strings.Cut(shown, "...")
		if !dots {
			return line == shown
		}
		return len(line) >= len(before)+len(after) && strings.HasPrefix(line, before) && strings.HasSuffix(line, after)
	})
}

// trimmed returns the lines of a text without their indentation, and without empty ones.
func trimmed(text string) (lines []string) {
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// quoted reports whether a file has these lines, one after another.
func quoted(file, text string) bool {
	lines, want := trimmed(file), trimmed(text)
	for i := 0; i+len(want) <= len(lines); i++ {
		if slices.Equal(lines[i:i+len(want)], want) {
			return len(want) > 0
		}
	}
	return false
}

// has reports whether a script has a line with the words of a command, in this order.
func has(script, command string) bool {
	command, _, _ = strings.Cut(command, " #")
	for _, line := range strings.Split(script, "\n") {
		words := strings.Fields(command)
		for _, w := range strings.Fields(line) {
			if len(words) > 0 && w == words[0] {
				words = words[1:]
			}
		}
		if len(words) == 0 {
			return true
		}
	}
	return false
}

// What the checks are made of.
func TestParse(t *testing.T) {
	all, err := parse("f.md", "a\n<!-- in a clone -->\n```sh\nx\n```\n\n```text output\ny\n```\n```go\n```\n")
	want := []block{{"f.md", 3, "sh", "in a clone", "x\n", "y\n", true}, {"f.md", 10, "go", "", "", "", false}}
	if err != nil || !slices.Equal(all, want) {
		t.Errorf("%+v, %v", all, err)
	}
	for _, wrong := range []string{"```go\n", "```text output\n```\n", "- ```go\n```\n"} {
		if _, err := parse("f.md", wrong); err == nil {
			t.Errorf("%q is accepted", wrong)
		}
	}
	for _, c := range []struct {
		name      string
		got, want bool
	}{
		{"equal", like("a\nb", "a\nb"), true},
		{"dots", like("a 12 b\n", "a ... b\n"), true},
		{"dots twice", like("ab", "ab...b"), false},
		{"another line", like("a\nb", "a\nc"), false},
		{"a line more", like("a\nb", "a"), false},
		{"quoted", quoted("x\n\ta\n\n  b\ny", "a\nb\n"), true},
		{"quoted apart", quoted("a\nx\nb", "a\nb"), false},
		{"quoted nothing", quoted("a", "\n"), false},
		{"command", has("x\ngo test -count=1 ./... >y", "go test ./...   # all"), true},
		{"command in another order", has("go ./... test", "go test ./..."), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v", c.name, c.got)
		}
	}
}
