package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/golden"
)

// What is verified is told in two lines and as JSON; the digests are those of testdata.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	stdout, stderr, status := bench(t, dir, "verify", "-kernel", "SGD,FromBytes", "-kernel=Dot", "-type", "float32",
		"-json", "v.json")
	text := regexp.MustCompile(`^verified  [\d,]+ calls on go.*: all bits are those of the definitions\n` +
		`digest    ([0-9a-f]{64}), of what was chosen\n$`)
	found := text.FindStringSubmatch(stdout)
	if status != 0 || stderr != "" || found == nil {
		t.Fatalf("status %d, %q, %q", status, stdout, stderr)
	}
	r, err := record.ReadFile(filepath.Join(dir, "v.json"))
	if err != nil {
		t.Fatal(err)
	}
	v := r.Verification
	if !r.Complete || !v.OK || v.Digest != found[1] || len(v.Parts) != 3 || v.Parts[1].What != "FromBytes float32" ||
		len(v.Backends) != len(bitstep.Backends()) {
		t.Errorf("the record has %+v, %+v", r, v)
	}
	stdout, _, status = bench(t, dir, "verify", "-kernel", "Lion", "-list")
	lines := golden.List("verify.txt")
	for _, line := range strings.SplitAfter(stdout, "\n") {
		if !strings.Contains(lines, line) || status != 0 {
			t.Errorf("%q is not in testdata", line)
		}
	}
	if strings.Count(stdout, "Lion float") != 2 || strings.Count(stdout, "\n") != 2 {
		t.Errorf("the list is %q", stdout)
	}
	if !testing.Short() {
		if stdout, _, status = bench(t, dir, "verify", "-list"); stdout != lines || status != 0 {
			t.Errorf("all digests: status %d, %q", status, stdout)
		}
	}
	stdout, stderr, status = bench(t, dir, "verify", "-kernel=Sum", "-backend=go", "-json=-", "-for=300ms", "-seed=3")
	r, err = record.Decode("stdout", []byte(stdout))
	if err != nil || status != 0 || stderr != "" || !r.Verification.OK || len(r.Verification.Backends) != 1 {
		t.Errorf("status %d, %v, %q, %q", status, err, stdout, stderr)
	}
	stdout, _, status = bench(t, dir, "verify", "-kernel=Sum", "-for=100ms")
	if !strings.Contains(stdout, "random    calls for 100ms, from -seed ") || status != 0 {
		t.Errorf("status %d, %q", status, stdout)
	}
	stdout, _, status = bench(t, dir, "verify", "-seed", "99")
	if status != 0 || !strings.HasPrefix(stdout, "verified") {
		t.Errorf("one call: status %d, %q", status, stdout)
	}
}

// Mistakes have status 2 before anything is verified; lists and files that cannot be used have 1.
func TestVerifyFailures(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("there.json", "{}")
	list := golden.List("verify.txt")
	whole := strings.Count(list, "\n")
	write("short/verify.txt", list[:len(list)-10])
	i := strings.Index(list, "Clip float64 ") + len("Clip float64 ")
	write("other/verify.txt", list[:i]+strings.Repeat("0", 64)+list[i+64:])
	sgd := []string{"verify", "-kernel=Clip", "-type=float64"}
	checkFailures(t, dir, []failure{
		{[]string{"verify", "-kernel=Sgd"}, 2, "-kernel Sgd, want SGD, Momentum"},
		{[]string{"verify", "-kernel=sqrt"}, 2, "-kernel sqrt, want"}, // is exhaustive
		{[]string{"verify", "-long", "-kernel=Adam,fma", "-type=float64"}, 2,
			"-kernel fma: there is nothing to verify in float64"},
		{[]string{"verify", "-long", "-kernel=sqrt", "-backend=go"}, 2,
			"-kernel sqrt: there is nothing to verify on go"},
		{[]string{"verify", "-type=int"}, 2, "-type int, want float32 or float64"},
		{[]string{"verify", "-backend=sse"}, 2, "-backend sse, want go"},
		{[]string{"verify", "-for=-1s"}, 2, "-for -1s, want a time"},
		{[]string{"verify", "-for=soon"}, 2, "invalid value"},
		{[]string{"verify", "-seed=x"}, 2, "invalid value"},
		{[]string{"verify", "-seed=1", "-long"}, 2, "-seed without -for"},
		{[]string{"verify", "-list", "-json=-"}, 2, "-list prints nothing else"},
		{[]string{"verify", "Adam"}, 2, `unexpected argument "Adam"`},
		{[]string{"verify", "-json=no/file"}, 2, "-json: "},
		{[]string{"verify", "-json=."}, 2, "-json: . is not a regular file"},
		{[]string{"verify", "-json=there.json"}, 2, "there.json exists: it is replaced only with -f"},
		{append(sgd, "-testdata=nowhere"), 1, "verify.txt: no such file"},
		{append(sgd, "-testdata=short"), 1, fmt.Sprintf("verify.txt has %d whole lines, want %d", whole-1, whole)},
		{append(sgd, "-testdata=other"), 1, "Clip float64: all backends agree with the definition, but it gives " +
			"other bits than it has to:\n  digest 4a8cd4b5"},
	})
	// A mismatch is in the record, too, which replaces the file.
	_, _, status := bench(t, dir, append(sgd, "-testdata=other", "-json=there.json", "-f")...)
	r, err := record.ReadFile(filepath.Join(dir, "there.json"))
	if err != nil || status != 1 {
		t.Fatalf("status %d, %v", status, err)
	}
	v := r.Verification
	if v.OK || v.Mismatch == nil || v.Mismatch.Kernel != "Clip" || v.Mismatch.Want != strings.Repeat("0", 64) {
		t.Errorf("the record has %+v", v)
	}
}

// A mismatch is told with what the element was made of.
func TestDifferent(t *testing.T) {
	v := &record.Verification{Mismatch: &record.Mismatch{Kernel: "Axpy", Type: "float32", Backend: "avx2", Length: 9,
		Operand: "y", Index: 8, Inputs: []string{"y[8]=1 (0x3f800000)", "a=2 (0x40000000)"}, Want: "3 (0x40400000)",
		Got: "3.0000002 (0x40400001)", Case: "length 9", Seed: "17"}}
	const want = `Axpy float32 on avx2 differs, length 9:
  y[8] is 3.0000002 (0x40400001)
  want 3 (0x40400000)
  from y[8]=1 (0x3f800000)
  from a=2 (0x40000000)
  case length 9
  again: `
	if got := different(v).Error(); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, " verify -seed 17") {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	v.Mismatch = &record.Mismatch{Kernel: "Lion float64 67", Backend: "neon", Operand: "golden.txt", Got: "a",
		Want: "b"}
	const line = "golden.txt: Lion float64 67 on neon differs:\n  got  a\n  want b"
	if got := different(v).Error(); got != line {
		t.Errorf("%s\nwant\n%s", got, line)
	}
}

// An interrupt ends it soon, with status 130 and a record that says that it is not complete.
func TestVerifyInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no process can interrupt another")
	}
	name, err := built()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "v.json")
	cmd := exec.Command(name, "verify", "-kernel=SGD", "-for=1h", "-json", file)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	start := time.Now()
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	took := time.Since(start)
	r, err := record.ReadFile(file)
	if status := cmd.ProcessState.ExitCode(); status != 130 || took > 5*time.Second || err != nil || r.Complete ||
		!strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("status %d after %v, %v, complete: %v, %s", status, took, err, r.Complete, &stderr)
	}
	told := regexp.MustCompile(`^verified  [\d,]+ calls on \S.* before it ended: all bits .*\ndigest `)
	if v := r.Verification; v == nil || told.Match(stdout.Bytes()) != (v.Digest != "") {
		t.Errorf("printed %q", &stdout)
	}
}
