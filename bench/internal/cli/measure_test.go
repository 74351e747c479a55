package cli

import (
	"bytes"
	"encoding/csv"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"

	"github.com/bitstep-go/bitstep/bench/internal/ceiling"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/kernels/table"
)

func TestMeasureMistakes(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	checkFailures(t, dir, []failure{
		{[]string{"-nope"}, 2, "-nope"},
		{[]string{"-quick", "word"}, 2, `unexpected argument "word"`},
		{[]string{"-quick", "-o", "old"}, 2, "old.json exists: it is replaced only with -f"},
		{[]string{"-quick", "-o", "none/new"}, 2, "none/new.json cannot be written"},
		{[]string{"measure", "-kernels", "Adam,Nope"}, 2, `there is no "Nope", but SGD, `},
		{[]string{"measure", "-types", "float16"}, 2, `there is no "float16", but float32, float64`},
		{[]string{"measure", "-backends", "mmx"}, 2, "this machine and build can run go"},
		{[]string{"measure", "-what", "peers"}, 2, "ceiling, kernel, product, training"},
		{[]string{"measure", "-sizes", "12X"}, 2, `"12X" is neither one of [L1 `},
		{[]string{"measure", "-sizes", ""}, 2, "nor a number of bytes"},
		{[]string{"measure", "-sizes", "1"}, 2, "at least 1 KB"},
		{[]string{"measure", "-sizes", "1000000G"}, 2, "too much for this machine's memory"},
		{[]string{"measure", "-threads", "0"}, 2, "want numbers from 1 to 1024"},
		{[]string{"measure", "-n", "1,x"}, 2, "want numbers from 1 to 65536"},
		{[]string{"measure", "-n", "1"}, 2, "-n goes with -what product"},
		{[]string{"measure", "-kernels", "SGD", "-what", "product,training"}, 2, "-kernels goes with -what kernel"},
		{[]string{"measure", "-sizes", "L1", "-what", "product"}, 2, "-sizes goes with -what kernel or ceiling"},
		{[]string{"measure", "-samples", "0"}, 2, "-samples 0, want"},
		{[]string{"measure", "-sample", "0s"}, 2, "-sample 0s, want"},
		{[]string{"measure", "-limit", "-1s"}, 2, "-limit -1s, want"},
		{[]string{"measure", "-format", "xml"}, 2, "-format xml, want table, json, go or csv"},
		{[]string{"measure", "-o", "old.json"}, 2, "old.json exists: it is replaced only with -f"},
		{[]string{"measure", "-o", "."}, 2, ". is not a regular file"},
		{[]string{"compare", "old.json", "old.json"}, 1, "old.json: byte 1: not a record of bench"},
	})
	if text, err := os.ReadFile(filepath.Join(dir, "old.json")); err != nil || string(text) != "{" {
		t.Errorf("old.json is %q, error %v", text, err)
	}
}

// A quick run verifies and measures everything, fits a terminal, and writes what it is asked for.
func TestQuick(t *testing.T) {
	dir := t.TempDir()
	stdout, stderr, status := bench(t, dir, "-quick", "-o", "this.html")
	if status != 0 || stderr != "" {
		t.Fatalf("status %d, %s", status, stderr)
	}
	words := []string{"verified", "Kernels, float32", "Products, float32", "Training, float32", "report    this.html",
		"record    this.json", "grad-rows"}
	for _, row := range table.Rows {
		words = append(words, "\n"+row.Name+" ")
	}
	for _, word := range words {
		if !strings.Contains(stdout, word) {
			t.Errorf("no %q in\n%s", word, stdout)
		}
	}
	checkWidth(t, stdout)
	r, err := record.ReadFile(filepath.Join(dir, "this.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !r.Complete || r.Machine.Active == "" || r.Seconds <= 0 || !slices.Equal(r.Command, []string{"-quick", "-o",
		"this.html"}) {
		t.Errorf("%+v", r.Machine)
	}
	for _, row := range r.Rows {
		if row.Group != record.Ceiling && !row.Checked {
			t.Errorf("%v is not checked", row.Key())
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "this.html"))
	if err != nil || !bytes.Contains(page, []byte("<svg")) {
		t.Errorf("a page of %d bytes, %v", len(page), err)
	}
	if stdout, stderr, status = bench(t, dir, "-quick", "-all", "-f", "-o", "this"); status != 0 || stderr != "" {
		t.Fatalf("status %d, %s", status, stderr)
	}
	if lines := strings.Count(stdout, "\n"); lines < len(r.Rows) {
		t.Errorf("%d lines of %d rows", lines, len(r.Rows))
	}
	checkWidth(t, stdout)
	if all, err := os.ReadDir(dir); err != nil || len(all) != 2 {
		t.Errorf("%v, %v", all, err)
	}
}

// What lies between two levels has a size in place of a name: so does memory where L3 is huge.
func TestUnnamedLevel(t *testing.T) {
	var b bytes.Buffer
	levels := []ceiling.Level{{Name: "L1", Bytes: 24 << 10}, {Bytes: 256 << 20}}
	table := shortTable{w: &b, machine: record.Machine{Threads: 1}, levels: levels}
	for i, l := range levels {
		table.row(record.Row{Group: record.Ceiling, Name: "load", Threads: 1, Level: l.Name, Bytes: l.Bytes,
			GBs: float64(20 - i)})
	}
	table.end()
	want := regexp.MustCompile(`\nMemory\n +L1 +256 MB\nload, GB/s, 1 thread +20\.0 +19\.0\n`)
	if !want.Match(b.Bytes()) {
		t.Errorf("printed\n%s", &b)
	}
}

func checkWidth(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if width := len([]rune(strings.TrimRight(line, "\n"))); width > 120 {
			t.Errorf("%d columns: %s", width, line)
		}
	}
}

// few are flags that measure a little.
var few = strings.Fields("measure -kernels adam,Dot -types float32 -sizes 16K -samples 2 -sample 10us")

// All formats have the same rows.
func TestFormats(t *testing.T) {
	dir := t.TempDir()
	printed := func(format string) string {
		stdout, stderr, status := bench(t, dir, append(few, "-format", format)...)
		if status != 0 || stderr != "" {
			t.Fatalf("%s: status %d, %s", format, status, stderr)
		}
		return stdout
	}
	r, err := record.Decode("stdout", []byte(printed("json")))
	if err != nil || len(r.Rows) != 2 || r.Rows[0].Name != "Adam" || r.Rows[1].Name != "Dot" ||
		r.Rows[0].Bytes != 16<<10 {
		t.Errorf("%v, %+v", err, r.Rows)
	}
	if all, err := csv.NewReader(strings.NewReader(printed("csv"))).ReadAll(); err != nil || len(all) != 3 {
		t.Errorf("%v, %q", err, all)
	}
	in, results := benchfmt.NewReader(strings.NewReader(printed("go")), "stdout"), 0
	for in.Scan() {
		if r, ok := in.Result().(*benchfmt.Result); !ok || !strings.Contains(string(r.Name), "/backend=") {
			t.Errorf("%v", in.Result())
		}
		results++
	}
	if in.Err() != nil || results < 4 {
		t.Errorf("%d results, %v", results, in.Err())
	}
	if text := printed("table"); !strings.Contains(text, "\nAdam ") || !strings.Contains(text, "\nDot ") {
		t.Error(text)
	}
}

// A limit of time ends a run in good order.
func TestLimit(t *testing.T) {
	dir := t.TempDir()
	_, stderr, status := bench(t, dir, "measure", "-sizes", "L1", "-samples", "1000", "-limit", "500ms", "-o", "x.json")
	r, err := record.ReadFile(filepath.Join(dir, "x.json"))
	if status != 0 || err != nil || r.Complete || !strings.Contains(strings.Join(r.Notices, "\n"), "limit of time") {
		t.Errorf("status %d, %s, %v, %v", status, stderr, err, r.Notices)
	}
}

// After an interrupt, what was finished is printed and written.
func TestMeasureInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such signal")
	}
	name, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var stdout, stderr lines
	cmd := exec.Command(name, "measure", "-sizes", "L1", "-samples", "200", "-o", "x.json")
	stdout.seen = make(chan string, 1000)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timeout := time.After(time.Minute)
	for done := false; !done; {
		select {
		case line := <-stdout.seen:
			done = strings.Contains(line, "\nMomentum ")
		case <-timeout:
			cmd.Process.Kill()
			t.Fatal("no row in a minute")
		}
	}
	cmd.Process.Signal(os.Interrupt)
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("%v, %s", err, stderr.String())
	}
	r, err := record.ReadFile(filepath.Join(dir, "x.json"))
	if err != nil || r.Complete || len(r.Rows) < 2 || !strings.Contains(stdout.String(), "record    x.json") {
		t.Errorf("%v, %d rows, complete: %v, printed\n%s", err, len(r.Rows), r.Complete, stdout.String())
	}
	for _, row := range r.Rows {
		if !strings.Contains(stdout.String(), "\n"+row.Name+" ") {
			t.Errorf("%s is written, but not printed", row.Name)
		}
	}
}

// So are files that were asked for, if it comes before anything is measured; any signal to end is one.
func TestVerificationInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such signal")
	}
	name, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(name, "-o", "x")
	stdout, stderr := lines{seen: make(chan string, 100)}, lines{}
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-stdout.seen // the machine
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	r, err := record.ReadFile(filepath.Join(dir, "x.json"))
	if status := cmd.ProcessState.ExitCode(); status != 130 || err != nil || r.Complete || r.Verification.OK ||
		!strings.Contains(stdout.String(), "record    x.json") || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("status %d, %v, %+v, printed\n%s%s", status, err, r.Verification, &stdout, &stderr)
	}
	page, err := os.ReadFile(filepath.Join(dir, "x.html"))
	if err != nil || !bytes.HasSuffix(bytes.TrimSpace(page), []byte("</html>")) {
		t.Errorf("a page of %d bytes, %v", len(page), err)
	}
}

// lines keeps what is written, and tells of it.
type lines struct {
	text bytes.Buffer
	seen chan string
}

func (l *lines) Write(b []byte) (int, error) {
	n, err := l.text.Write(b)
	if l.seen != nil {
		select {
		case l.seen <- l.String():
		default: // the test has seen what it waits for
		}
	}
	return n, err
}

func (l *lines) String() string { return l.text.String() }
