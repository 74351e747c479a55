package tidy

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var updateRooms = flag.Bool("update-rooms", false, "write the picture in docs/ARCHITECTURE.md instead of comparing it")

// The picture in docs/ARCHITECTURE.md is what go list says: an arrow to what a room imports, unless a longer way
// implies it.
func TestRooms(t *testing.T) {
	const bench = module + "/bench"
	const file, start, end = "../../docs/ARCHITECTURE.md", "-update-rooms -->\n", "<!-- end of rooms -->"
	imports, shown := map[string][]string{}, map[string]bool{}
	for _, p := range list(t, "./...") {
		if p.ImportPath == module+"/capi" {
			continue // whose files are there where a C compiler is
		}
		from := p.ImportPath
		if strings.HasPrefix(from, bench) { // one room, whose packages are its own business
			from = bench
		}
		for _, i := range p.Imports {
			if strings.HasPrefix(i, module) && !strings.HasPrefix(i, bench) && !slices.Contains(imports[from], i) {
				imports[from] = append(imports[from], i)
			}
		}
		shown[from] = !strings.Contains(from, "/internal/")
	}
	for from := range imports { // helpers: what others than tests and tools import
		tool := from == bench || strings.HasSuffix(from, "/asmgen")
		for _, to := range imports[from] {
			shown[to] = shown[to] || shown[from] && !tool && !strings.Contains(from, "/internal/")
		}
	}
	var reaches func(from, to string) bool
	reaches = func(from, to string) bool {
		return slices.ContainsFunc(imports[from], func(i string) bool { return i == to || reaches(i, to) })
	}
	name := func(path string) string {
		if path == module {
			return "bitstep"
		}
		return strings.TrimPrefix(path, module+"/")
	}
	id := strings.NewReplacer("/", "_")
	var nodes, arrows []string
	for from, s := range shown {
		if !s {
			continue
		}
		nodes = append(nodes, fmt.Sprintf("    %s[%q]\n", id.Replace(name(from)), name(from)))
		for _, to := range imports[from] {
			longer := slices.ContainsFunc(imports[from], func(i string) bool {
				return i != to && shown[i] && reaches(i, to)
			})
			if shown[to] && !longer {
				arrows = append(arrows, fmt.Sprintf("    %s --> %s\n", id.Replace(name(from)), id.Replace(name(to))))
			}
		}
	}
	slices.Sort(nodes)
	slices.Sort(arrows)
	want := "\n```mermaid\nflowchart TD\n" + strings.Join(nodes, "") + strings.Join(arrows, "") + "```\n\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), start)
	got, after, closed := strings.Cut(rest, end)
	switch {
	case !found || !closed:
		t.Fatalf("%s lacks the marks of the picture", file)
	case *updateRooms:
		if err := os.WriteFile(file, []byte(before+start+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	case got != want:
		t.Errorf("%s shows other rooms: go test ./internal/tidy -update-rooms", file)
	}
}
