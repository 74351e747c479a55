package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/bench/internal/page"
	"github.com/bitstep-go/bitstep/bench/internal/record/recordtest"
)

func TestMachines(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"records", "damaged", "empty"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	other := recordtest.New(2)
	other.Machine.CPU = "Another CPU"
	save(t, dir, "records/a.json", recordtest.New(1))
	save(t, dir, "records/b.json", other)
	save(t, dir, "damaged/good.json", other)
	for name, text := range map[string]string{"records/notes.txt": "no record", "damaged/cut.json": `{"schema": 1,`,
		"damaged/later.json": `{"schema": 99}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	own, err := page.Machines()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, status := bench(t, dir, "machines", "records")
	if status != 0 || stderr != "" || !strings.HasPrefix(stdout, "machines.html: ") ||
		!strings.Contains(stdout, "of which 2 from records") {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
	html, err := os.ReadFile(filepath.Join(dir, "machines.html"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(html), "<tr>") - 1; n != len(own)+2 || !strings.Contains(string(html), "Another CPU") {
		t.Errorf("%d rows, want %d", n, len(own)+2)
	}
	checkFailures(t, dir, []failure{
		{[]string{"machines"}, 2, "want one folder"},
		{[]string{"machines", "records", "damaged"}, 2, "want one folder"},
		{[]string{"machines", "records"}, 2, "-o: machines.html exists: it is replaced only with -f"},
		{[]string{"machines", "-o", "none/x.html", "records"}, 2, "none/x.html"},
		{[]string{"machines", "-o", "x.html", "damaged"}, 1, "cut.json: byte"},
		{[]string{"machines", "-o", "x.html", "damaged"}, 1, "later.json: byte 11: schema 99 is newer"},
		{[]string{"machines", "-o", "x.html", "empty"}, 1, "empty has no *.json"},
		{[]string{"machines", "-o", "x.html", "nowhere"}, 1, "nowhere"},
		{[]string{"machines", "-o", "x.html", "records/a.json"}, 1, "is not a folder"},
	})
	if _, err := os.Stat(filepath.Join(dir, "x.html")); err == nil {
		t.Error("a page of damaged records was written")
	}
	if stdout, stderr, status = bench(t, dir, "machines", "-f", "-alone", "records"); status != 0 ||
		!strings.Contains(stdout, "2 machines") {
		t.Errorf("-f: status %d, %q, %q", status, stdout, stderr)
	}
}
