package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/bench/internal/browser"
)

// The command builds one file that names no other, and replaces it only with -f.
func TestPage(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	dir, here := t.TempDir(), "." // in the module
	name := filepath.Join(dir, "bitstep.html")
	stdout, stderr, status := bench(t, here, "page", "-o", name)
	text, err := os.ReadFile(name)
	if err != nil || status != 0 || stderr != "" || !strings.HasPrefix(stdout, name+": ") {
		t.Fatalf("status %d, %v; printed %q and %q", status, err, stdout, stderr)
	}
	for _, part := range []string{"<!DOCTYPE html>", `"training":"`, `id="wasm">H4sI`, "globalThis.Go = class",
		"</html>"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	for _, part := range []string{` src="`, `<link rel="stylesheet`, "@import", "url("} {
		if strings.Contains(string(text), part) {
			t.Errorf("the page has %q", part)
		}
	}
	checkFailures(t, here, []failure{
		{[]string{"page", "-o", name}, 2, "exists"},
		{[]string{"page", "-o", filepath.Join(dir, "nowhere", "page.html")}, 2, "cannot be written"},
		{[]string{"page", "more"}, 2, `unexpected argument "more"`},
	})
	if _, stderr, status := bench(t, here, "page", "-o", name, "-f"); status != 0 {
		t.Errorf("with -f: status %d, %s", status, stderr)
	}
	checkSame(t, name, text)

	other := t.TempDir() // a module that requires this one
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{"go.sum": string(sums), "go.mod": "module try\n\ngo 1.26.0\n\nrequire " +
		browser.Module + " v0.0.0\n\nreplace " + browser.Module + " => " + root + "\n"} {
		if err := os.WriteFile(filepath.Join(other, file), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, stderr, status := bench(t, other, "page"); status != 0 {
		t.Errorf("in another module: status %d, %s", status, stderr)
	}
	checkSame(t, filepath.Join(other, "page.html"), text)
}

// checkSame checks that the same source has made the same page.
func checkSame(t *testing.T, name string, text []byte) {
	t.Helper()
	again, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(again, text) {
		t.Errorf("%v; the same source makes another page", err)
	}
}

// Where Go or the source are missing, the command says what to do, and leaves nothing.
func TestPageWithoutSource(t *testing.T) {
	dir := t.TempDir()
	for want, env := range map[string]string{
		"https://go.dev/dl":                        "PATH=" + dir,
		"or in a module that requires it (go get ": "GOFLAGS=",
	} {
		stdout, stderr, status := benchEnv(t, dir, []string{env}, "page")
		if status != 1 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, printed %q; %q on standard error lacks %q", env, status, stdout, stderr, want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

// A module may require bitstep whose source nothing has brought yet.
func TestPageBeforeDownload(t *testing.T) {
	dir, proxy := t.TempDir(), t.TempDir()
	versions := filepath.Join(proxy, browser.Module, "@v")
	for name, text := range map[string]string{
		filepath.Join(dir, "go.mod"):           "module try\n\ngo 1.26.0\n\nrequire " + browser.Module + " v1.0.0\n",
		filepath.Join(versions, "v1.0.0.mod"):  "module " + browser.Module + "\n",
		filepath.Join(versions, "v1.0.0.info"): `{"Version": "v1.0.0"}`,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	_, stderr, status := benchEnv(t, dir, []string{"GOFLAGS=-mod=mod -modcacherw", "GOMODCACHE=" + t.TempDir(),
		"GOPROXY=file://" + filepath.ToSlash(proxy), "GONOSUMDB=*"}, "page")
	if want := "go mod download " + browser.Module + " brings it\n"; status != 1 || !strings.HasSuffix(stderr, want) {
		t.Errorf("status %d, %q lacks %q", status, stderr, want)
	}
}

// A number after synthetic: is that of training images.
func TestSyntheticData(t *testing.T) {
	out := t.TempDir()
	text := runTrain(t, "-data", "synthetic:400", "-validation", "100", "-epochs", "1", "-out", out)
	if want := "300 images to train, 100 to validate, 10,000 to test"; !strings.Contains(text, want) {
		t.Errorf("%q is missing in\n%s", want, text)
	}
	checkFailures(t, out, []failure{
		{[]string{"train", "-data", "synthetic:many"}, 2, "-data synthetic:many, want synthetic: and a number"},
		{[]string{"train", "-data", "synthetic:4"}, 2, "training images, 5 to 500,000"},
		{[]string{"train", "-data", "synthetic:500001"}, 2, "training images, 5 to 500,000"},
		{[]string{"train", "-data", "synthetic:99999999999999999999"}, 2, "training images, 5 to 500,000"},
		{[]string{"random-search", "-data", "synthetic:"}, 2, "training images, 5 to 500,000"},
		{[]string{"audit", "-data", "synthetic:x", "no.receipt"}, 2, "-data synthetic:x, want synthetic: and a number"},
	})
}
