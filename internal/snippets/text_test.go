package snippets

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	link     = regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`) // where code is left out
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
	inline   = regexp.MustCompile("`([^`]+)`")
	fence    = regexp.MustCompile("(?ms)^```.*?^```$")
	indented = regexp.MustCompile(`(?m)^ {4,}((go|git|cd|cp|python3?|pip|apt-get|gcc|bash|\.ci/\w+|[A-Z_]+=\S+) .*|` +
		`\.ci/\w+)$`)
)

// Links lead to files that are there, and to headings that they have.
func TestLinks(t *testing.T) {
	for _, name := range documents(t) {
		for _, l := range link.FindAllStringSubmatch(prose(t, name), -1) {
			to, anchor := l[1], strings.TrimPrefix(l[2], "#")
			if strings.Contains(to, "://") {
				continue
			}
			file := name
			if to != "" {
				file = filepath.ToSlash(filepath.Join(filepath.Dir(name), to))
			}
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s: (%s): %v", name, to, err)
			} else if anchor != "" && !anchors(read(t, file))[anchor] {
				t.Errorf("%s: %s has no heading #%s", name, file, anchor)
			}
		}
	}
}

// prose returns a document without its code.
func prose(t *testing.T, name string) string {
	return inline.ReplaceAllString(fence.ReplaceAllString(read(t, name), ""), "")
}

// anchors are how GitHub calls a document's headings.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		name := strings.ToLower(h[1])
		name = regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(name, "")
		names[strings.ReplaceAll(name, " ", "-")] = true
	}
	return names
}

// Commands stand in fenced blocks, which are run.
func TestIndented(t *testing.T) {
	for _, name := range documents(t) {
		for _, line := range indented.FindAllString(fence.ReplaceAllString(read(t, name), ""), -1) {
			t.Errorf("%s: a command is in no fenced block: %s", name, strings.TrimSpace(line))
		}
	}
}

// Commands within text name scripts, packages, tests and benchmarks that are there.
func TestInline(t *testing.T) {
	found := 0
	for _, name := range documents(t) {
		for _, code := range inline.FindAllStringSubmatch(fence.ReplaceAllString(read(t, name), ""), -1) {
			for _, command := range strings.Split(code[1], "&&") {
				words := strings.Fields(command)
				switch {
				case len(words) == 0:
				case strings.HasPrefix(words[0], ".ci/"):
					found++
					if _, err := os.Stat(filepath.Join(root, words[0])); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				case words[0] == "go" && len(words) > 1 && (words[1] == "test" || words[1] == "run"):
					found++
					goCommand(t, name, words[2:])
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("there are %d commands in the text", found)
	}
}

// goCommand looks for the package of a command, and for what its patterns select. Packages are named from the module's
// folder, which is the document's where that has a go.mod.
func goCommand(t *testing.T, name string, words []string) {
	dir := filepath.Join(root, filepath.Dir(name))
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		dir = root
	}
	var patterns []string
	for i, w := range words {
		if strings.HasPrefix(w, "./") {
			dir = filepath.Join(dir, strings.TrimSuffix(w, "/..."))
		}
		if (w == "-run" || w == "-bench") && words[i+1] != "'^$'" {
			patterns = append(patterns, words[i+1])
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Errorf("%s: there is no package in %s", name, dir)
	}
	var text strings.Builder
	for _, f := range files {
		text.WriteString(read(t, strings.TrimPrefix(filepath.ToSlash(f), root+"/")))
	}
	names := regexp.MustCompile(`(?m)^func ((Test|Benchmark)\w+)`).FindAllStringSubmatch(text.String(), -1)
	for _, p := range patterns {
		if !slices.ContainsFunc(names, func(n []string) bool { return regexp.MustCompile(p).MatchString(n[1]) }) {
			t.Errorf("%s: %s has no test or benchmark like %s", name, dir, p)
		}
	}
}
