package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/bitstep-go/bitstep"
)

// A target is what a program is built for and run with.
type target struct {
	goarch   string
	settings []string // KEY=value, in the environment of the build and of the run
}

func (t target) String() string { return strings.Join(append([]string{t.goarch}, t.settings...), ":") }

// parse reads a list of targets. Every backend of this machine stands in the place of its GOARCH.
func parse(list string) (targets []target, err error) {
	for _, text := range strings.Split(list, ",") {
		fields := strings.Split(strings.TrimSpace(text), ":")
		t := target{fields[0], fields[1:]}
		if t.goarch == "" {
			return nil, fmt.Errorf("-on %q: a target has no GOARCH", list)
		}
		for _, s := range t.settings {
			if !strings.Contains(s, "=") {
				return nil, fmt.Errorf("-on %q: setting %q is not KEY=value", list, s)
			}
		}
		if t.goarch != runtime.GOARCH || len(t.settings) > 0 {
			targets = append(targets, t)
			continue
		}
		for _, b := range bitstep.Backends() {
			targets = append(targets, target{t.goarch, []string{"BITSTEP=" + b.String()}})
		}
	}
	return targets, nil
}

// qemu has the names of QEMU where they are not those of Go.
var qemu = map[string]string{
	"386": "i386", "amd64": "x86_64", "arm64": "aarch64", "loong64": "loongarch64",
	"mips64le": "mips64el", "mipsle": "mipsel",
}

// emulator returns the command that runs the target's programs, of no words for this machine's.
func (t target) emulator() ([]string, error) {
	switch {
	case t.goarch == runtime.GOARCH, t.goarch == "386" && runtime.GOARCH == "amd64":
		return nil, nil
	case t.goarch == "wasm":
		root, err := exec.Command("go", "env", "GOROOT").Output()
		return []string{filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/go_js_wasm_exec")}, err
	}
	name := qemu[t.goarch]
	if name == "" {
		name = t.goarch
	}
	for _, file := range []string{"qemu-" + name + "-static", "qemu-" + name} {
		if path, err := exec.LookPath(file); err == nil {
			return []string{path}, nil
		}
	}
	return nil, fmt.Errorf("neither qemu-%s-static nor qemu-%[1]s is installed", name)
}

// emulated are settings that a program needs under the emulator.
func (t target) emulated() []string {
	if strings.HasPrefix(t.goarch, "mips") { // QEMU 7.2 restores no FCSR: a signal before a branch turns it either way
		return []string{"GODEBUG=asyncpreemptoff=1"}
	}
	return nil
}

// environment is that of the build and of the run.
func (t target) environment() []string {
	env := append(append(os.Environ(), "GOARCH="+t.goarch), t.emulated()...)
	if t.goarch == "wasm" {
		env = append(env, "GOOS=js")
	}
	return append(env, t.settings...)
}

// building is held by the one that builds: go may write go.mod, and takes all processors by itself.
var building sync.Mutex

// run builds a package and returns what its program writes to standard output, unless ctx ends first.
func (t target) run(ctx context.Context, pkg string, args []string) ([]byte, error) {
	command, err := t.emulator()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "samebits")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "program.exe") // which Windows would not run without its ending
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, pkg)
	build.Env, build.Stderr = t.environment(), os.Stderr
	building.Lock()
	err = build.Run()
	building.Unlock()
	if err != nil {
		return nil, fmt.Errorf("go build %s: %w", pkg, err)
	}
	command = append(append(command, binary), args...)
	program := exec.CommandContext(ctx, command[0], command[1:]...)
	program.Env, program.Stderr = t.environment(), os.Stderr
	text, err := program.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%s: %w", pkg, err)
	}
	return text, err
}
