//go:build linux

package machine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// word is what a file of the system says, or "" if it does not exist.
func word(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(bytes.TrimRight(bytes.TrimSpace(text), "\x00"))
}

// hugePages is the policy for memory that asks for nothing.
func hugePages() string {
	_, rest, _ := strings.Cut(word("/sys/kernel/mm/transparent_hugepage/enabled"), "[") // always [madvise] never
	policy, _, found := strings.Cut(rest, "]")
	if !found {
		return "unavailable: this kernel does not say"
	}
	return policy
}

func governor() string {
	if g := word("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"); g != "" {
		return g
	}
	return "unavailable: this kernel does not control the clock"
}

func hypervisorOfSystem() string { return word("/sys/hypervisor/type") }

// cpuName is the name of a CPU that does not tell one itself.
func cpuName() string {
	for line := range strings.Lines(word("/proc/cpuinfo")) {
		key, value, _ := strings.Cut(line, ":")
		if key = strings.TrimSpace(key); key == "model name" || key == "Model" {
			return strings.TrimSpace(value)
		}
	}
	if model := word("/proc/device-tree/model"); model != "" {
		return model
	}
	return "unknown CPU"
}

// Pin binds the calling goroutine to its thread, and that to one CPU, whose number it returns. The goroutines of others
// stay free. Undo ends it, also after an error.
func Pin() (cpu int, undo func(), err error) {
	var old, one unix.CPUSet
	cpus, err := allowed()
	if err == nil {
		err = unix.SchedGetaffinity(0, &old)
	}
	if err != nil {
		return 0, func() {}, err
	}
	cpu = choose(cpus, kinds())
	if !old.IsSet(cpu) { // the thread may use fewer than the process does
		cpu = choose(cpus, nil)
	}
	one.Set(cpu)
	runtime.LockOSThread()
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		runtime.UnlockOSThread()
		return 0, func() {}, err
	}
	return cpu, func() {
		unix.SchedSetaffinity(0, &old)
		runtime.UnlockOSThread()
	}, nil
}

// kinds are found out once: Pin is called often.
var kinds = sync.OnceValue(coreKinds)

// usage returns for how long the machine's CPUs have been busy and idle together, for how long others took them away,
// and for how long this process has used them.
func usage() (u times, err error) {
	const tick = time.Second / 100 // USER_HZ
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return u, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line) // cpu user nice system idle iowait irq softirq steal
	if len(fields) < 9 || fields[0] != "cpu" {
		return u, errors.New("/proc/stat has an unknown form")
	}
	for i, f := range fields[1:9] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return u, fmt.Errorf("/proc/stat: %w", err)
		}
		t := time.Duration(n) * tick
		switch u.all += t; i {
		case 3, 4:
		case 7:
			u.stolen += t
		default:
			u.busy += t
		}
	}
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return u, err
	}
	u.own = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	return u, nil
}

// LostSoFar returns what other processes have taken from this one, 0 of what the system does not say.
func LostSoFar() (l Lost) {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) == nil {
		l.Times = int(u.Nivcsw)
	}
	threads, _ := filepath.Glob("/proc/self/task/*/schedstat") // its pattern is a good one
	for _, file := range threads {
		var ran, waited time.Duration // ns
		if n, _ := fmt.Sscan(word(file), &ran, &waited); n == 2 {
			l.Waited += waited
		}
	}
	return l
}

// Memory is how many bytes the machine has left, 0 if unknown.
func Memory() int {
	for line := range strings.Lines(word("/proc/meminfo")) {
		var kb int
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}
