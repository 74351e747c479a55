package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The page is the same whatever the backend, and is replaced only if that is asked for.
func TestRace(t *testing.T) {
	dir := t.TempDir()
	stdout, stderr, status := bench(t, dir, "race")
	if status != 0 || stderr != "" {
		t.Fatalf("status %d, %q", status, stderr)
	}
	for _, want := range []string{`(?m)^ +ravine +0\.01 +- .*\*\d+$`, `(?m)^ +local minimum .* - `,
		`(?m)^ +ravine +saddle .*noisy gradients$`, `(?m)^ +Rprop( +\d+)+`,
		`page +lecture\.html, [\d,]+ bytes`, `digest +[0-9a-f]{64} of all pictures`} {
		if !regexp.MustCompile(want).MatchString(stdout) {
			t.Errorf("%q lacks %s", stdout, want)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "lecture.html"))
	if err != nil || !strings.HasPrefix(string(page), "<!DOCTYPE html>") {
		t.Fatalf("%v, %.40s", err, page)
	}
	checkFailures(t, dir, []failure{
		{[]string{"race"}, 2, "lecture.html exists: it is replaced only with -f"},
		{[]string{"race", "-o", "none/x.html"}, 2, "none/x.html"},
		{[]string{"race", "here"}, 2, "unexpected argument"},
		{[]string{"race", "-p"}, 2, "-help lists the flags"},
	})
	again, stderr, status := benchEnv(t, dir, []string{"BITSTEP=go"}, "race", "-f")
	if status != 0 || again != stdout {
		t.Errorf("status %d, %q, %q, want %q", status, stderr, again, stdout)
	}
	other, err := os.ReadFile(filepath.Join(dir, "lecture.html"))
	if err != nil || string(other) != string(page) {
		t.Errorf("pure Go writes another page: %v", err)
	}
}
