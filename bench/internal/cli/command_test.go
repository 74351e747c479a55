package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// built is the command, built once for all tests that use it as a person does.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "bench") // a test's own would go before others are done
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "bench.exe") // Windows wants a suffix, others take it
	if out, err := exec.Command("go", "build", "-o", name, "../..").CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return name, nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	if name, err := built(); err == nil {
		os.RemoveAll(filepath.Dir(name))
	}
	os.Exit(status)
}

// bench runs the command in a folder and returns what it printed and its status.
func bench(t *testing.T, dir string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return benchEnv(t, dir, nil, args...)
}

func benchEnv(t *testing.T, dir string, env []string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	name, err := built()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = dir, &out, &errs, append(os.Environ(), env...)
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// What cannot be printed is an error: a list that is cut off does not pass for whole.
func TestFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	name, err := built()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"help", "help verify", "verify -h", "completion bash", "verify -kernel=Sum -list",
		"verify -kernel=Sum", strings.Join(few, " "), strings.Join(few, " ") + " -format csv"} {
		var stderr bytes.Buffer
		cmd := exec.Command(name, strings.Fields(line)...)
		cmd.Stdout, cmd.Stderr = full, &stderr
		cmd.Run()
		if status := cmd.ProcessState.ExitCode(); status != 1 || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("bench %s: status %d, %q", line, status, &stderr)
		}
	}
}

// help of a command is what its -help is.
func TestHelp(t *testing.T) {
	dir := t.TempDir()
	for _, c := range commands()[1:] {
		want, _, _ := bench(t, dir, c.name, "-help")
		got, _, status := bench(t, dir, "help", c.name)
		if got != want || status != 0 || !strings.HasPrefix(got, "usage: ") {
			t.Errorf("help %s: status %d, %q", c.name, status, got)
		}
	}
	checkFailures(t, dir, []failure{
		{[]string{"help", "verify", "extra"}, 2, `unexpected argument "extra"`},
		{[]string{"help", "nope"}, 2, `there is no subcommand "nope"`},
		{[]string{"nope"}, 2, `there is no subcommand "nope"`},
	})
}

// Every command has examples, whose flags it has.
func TestExamples(t *testing.T) {
	for _, c := range commands() {
		if c.example == "" {
			t.Errorf("%q has no examples", c.name)
		}
		for line := range strings.Lines(c.example) {
			line, _, _ = strings.Cut(line, "#")
			words := strings.Fields(strings.SplitN(line, ">", 2)[0])
			if len(words) == 0 || words[0] != "bench" {
				continue // what a shell does besides
			}
			shown, words := commands()[0], words[1:]
			for _, other := range commands()[1:] {
				if len(words) > 0 && other.name == words[0] {
					shown, words = other, words[1:]
				}
			}
			set, _ := shown.flags()
			set.SetOutput(io.Discard)
			args, err := parse(set, words)
			if err != nil && !strings.Contains(err.Error(), "this machine and build can run") ||
				len(args) > 0 && shown.args == "" {
				t.Errorf("%s: %q left, %v", line, args, err)
			}
		}
	}
}

// save writes a record to a file of a folder.
func save(t *testing.T, dir, name string, r record.Record) {
	t.Helper()
	err := record.WriteFile(filepath.Join(dir, name), false, func(w io.Writer) error { return r.WriteJSON(w) })
	if err != nil {
		t.Fatal(err)
	}
}

// A mistake in the command line has status 2, what fails has 1; both are told on standard error.
type failure struct {
	args   []string
	status int
	want   string // on standard error
}

func checkFailures(t *testing.T, dir string, failures []failure) {
	t.Helper()
	for _, f := range failures {
		stdout, stderr, status := bench(t, dir, f.args...)
		if status != f.status || stdout != "" || !strings.Contains(stderr, f.want) {
			t.Errorf("bench %s: status %d, want %d; %q on standard error lacks %q; printed %q",
				strings.Join(f.args, " "), status, f.status, stderr, f.want, stdout)
		}
	}
}
