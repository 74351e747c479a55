// Package machine describes the machine that bench runs on, watches over it while it measures, and takes from the
// operating system what measuring needs: a thread that stays on its CPU, and hardware counters. What a system does not
// offer is "unavailable", with the reason.
package machine

import (
	"errors"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/klauspost/cpuid/v2"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/caches"
)

// relevant are the features that matter to the kernels.
var relevant = []cpuid.FeatureID{cpuid.SSE2, cpuid.AVX, cpuid.AVX2, cpuid.F16C, cpuid.FMA3,
	cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.AVX512VL, cpuid.ASIMD, cpuid.SVE}

// Describe describes the machine.
func Describe() record.Machine {
	c := cpuid.CPU
	m := record.Machine{CPU: strings.TrimSpace(c.BrandName), Vendor: c.VendorString, Family: c.Family, Model: c.Model,
		OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Threads: runtime.GOMAXPROCS(0),
		Features: []string{}, Hypervisor: hypervisor(), HugePages: hugePages(), Governor: governor(),
		CoreKinds: kinds(), Active: bitstep.Active().String()}
	if m.CPU == "" {
		m.CPU = cpuName()
	}
	for _, f := range relevant {
		if c.Supports(f) {
			m.Features = append(m.Features, f.String())
		}
	}
	for _, b := range bitstep.Backends() {
		m.Backends = append(m.Backends, b.String())
	}
	m.L1, m.L2, m.L3, m.Assumed = caches.Described()
	cpu, undo, err := Pin()
	undo()
	if m.Pinning = available(err); err == nil {
		m.PinnedCPU = &cpu
	}
	counters, err := OpenCounters()
	counters.Close()
	m.Counters = available(err)
	return m
}

// Program describes the program that is running.
func Program() record.Program {
	p := record.Program{Version: "(devel)", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return p
	}
	const module = "github.com/bitstep-go/bitstep"
	for _, m := range append(slices.Clone(info.Deps), &info.Main) {
		if m.Path == module && m.Version != "" {
			p.Version = m.Version
		}
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			p.Revision = s.Value
		case "vcs.modified":
			p.Modified = s.Value == "true"
		}
	}
	return p
}

// errSystem is why there is nothing on systems other than Linux.
var errSystem = errors.New("bench knows how only on Linux")

func available(err error) string {
	if err != nil {
		return "unavailable: " + err.Error()
	}
	return "available"
}

// hypervisor names what the machine runs in, or is empty.
func hypervisor() string {
	if !cpuid.CPU.VM() {
		return hypervisorOfSystem()
	}
	if id := cpuid.CPU.HypervisorVendorID; id != cpuid.VendorUnknown {
		return id.String()
	}
	if name := strings.Trim(cpuid.CPU.HypervisorVendorString, " \x00"); name != "" {
		return name
	}
	return "unknown"
}
