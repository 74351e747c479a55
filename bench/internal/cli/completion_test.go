package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// offered is what the command answers a shell.
func offered(t *testing.T, dir, line string) []string {
	t.Helper()
	stdout, stderr, status := benchEnv(t, dir, []string{"COMP_LINE=" + line, fmt.Sprintf("COMP_POINT=%d", len(line))})
	if status != 0 || stderr != "" {
		t.Errorf("%q: status %d, %q", line, status, stderr)
	}
	return strings.Fields(stdout)
}

// Every command and every flag that help knows is offered, and nothing else.
func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	for _, c := range commands() {
		flags := offered(t, dir, strings.TrimSpace("bench "+c.name)+" -")
		help, _, status := bench(t, dir, append(strings.Fields(c.name), "-h")...)
		if status != 0 {
			t.Errorf("%s -h: status %d", c.name, status)
		}
		for _, f := range flags {
			if f != "-h" && !strings.Contains(help, "\n  "+f) {
				t.Errorf("%s: offers %s, which help lacks", c.name, f)
			}
		}
		if n := strings.Count(help, "\n  -"); n != len(flags)-1 {
			t.Errorf("%s: help has %d flags, %d are offered: %v", c.name, n, len(flags)-1, flags)
		}
		if c.name == "" {
			continue
		}
		if got := offered(t, dir, "bench "+c.name[:len(c.name)-1]); !slices.Contains(got, c.name) {
			t.Errorf("%s is not offered: %v", c.name, got)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "old.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "records"), 0o755); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{"bench compare o": "old.json", "bench machines r": "records/",
		"bench completion z": "zsh", "bench -q": "-quick", "bench peers -o ol": "old.json",
		"bench he": "help", "bench help ver": "verify",
		"bench verify -kernel AllF": "AllFinite", "bench verify -long -kernel=sq": "sqrt",
		"bench verify -kernel Adam,MaxA": "Adam,MaxAbs", "bench verify -type float6": "float64",
		"bench verify -backend g": "go", "bench measure -kernels SGD,MaxA": "SGD,MaxAbs",
		"bench measure -what prod": "product", "bench measure -sizes L1,L2": "L1,L2", "bench measure -format cs": "csv",
		"bench measure -backends g": "go", "bench measure -types float3": "float32",
		"bench train -optimizer lio": "lion", "bench train -loss sof": "softmax",
		"bench train -schedule cosi": "cosine", "bench train -type float3": "float32",
		"bench train -sampling shuf": "shuffled", "bench random-search -optimizer lio": "lion"} {
		if got := offered(t, dir, line); len(got) != 1 || strings.TrimPrefix(got[0], "./") != want {
			t.Errorf("%q: %v, want %s", line, got, want)
		}
	}
}

// bash reads the script, and then completes what is typed.
func TestCompletionBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	name, err := built()
	if err != nil {
		t.Fatal(err)
	}
	const script = `eval "$("$0" completion bash)" && complete -p`
	out, err := exec.Command(bash, "--norc", "-c", script, name).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "-C") || !strings.HasSuffix(string(out), " bench.exe\n") {
		t.Errorf("%v, %s", err, out)
	}
	stdout, _, status := bench(t, t.TempDir(), "completion", "fish")
	if status != 0 || !strings.Contains(stdout, "complete -c bench.exe") {
		t.Errorf("status %d, %s", status, stdout)
	}
	checkFailures(t, t.TempDir(), []failure{
		{[]string{"completion"}, 2, "bash, zsh or fish"},
		{[]string{"completion", "tcsh"}, 2, "bash, zsh or fish"},
		{[]string{"completion", "bash", "zsh"}, 2, "bash, zsh or fish"},
	})
}
