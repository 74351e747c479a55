package cli

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/klauspost/cpuid/v2"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/caches"
)

// A machine is what the measurements depend on.
type machine struct {
	CPU        string
	Arch       string
	Go         string
	Cores      int
	Threads    int // GOMAXPROCS
	Features   []string
	L1, L2, L3 int // bytes, of one core or shared by some
	Assumed    bool
	Active     string
	Backends   []string
}

// relevant are the features that matter to these kernels.
var relevant = []cpuid.FeatureID{cpuid.SSE2, cpuid.AVX, cpuid.AVX2, cpuid.FMA3, cpuid.AVX512F,
	cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.AVX512VL, cpuid.ASIMD, cpuid.SVE}

func describe() machine {
	m := machine{CPU: cpuid.CPU.BrandName, Arch: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		Cores: runtime.NumCPU(), Threads: runtime.GOMAXPROCS(0), Active: bitstep.Active().String()}
	if m.CPU == "" {
		m.CPU = "unknown CPU"
	}
	for _, f := range relevant {
		if cpuid.CPU.Supports(f) {
			m.Features = append(m.Features, f.String())
		}
	}
	for _, b := range bitstep.Backends() {
		m.Backends = append(m.Backends, b.String())
	}
	m.L1, m.L2, m.L3, m.Assumed = caches.Described()
	return m
}

func (m machine) print(w io.Writer) {
	assumed := ""
	if m.Assumed {
		assumed = " (some assumed)"
	}
	fmt.Fprintf(w, "%s, %d cores, GOMAXPROCS %d\n", m.CPU, m.Cores, m.Threads)
	fmt.Fprintf(w, "%s, %s\n", m.Arch, m.Go)
	fmt.Fprintf(w, "features  %s\n", strings.Join(m.Features, " "))
	fmt.Fprintf(w, "caches    L1d %s, L2 %s, L3 %s%s\n", size(m.L1), size(m.L2), size(m.L3), assumed)
	fmt.Fprintf(w, "backend   %s, of %s\n", m.Active, strings.Join(m.Backends, ", "))
}

// size writes 1<<20 as 1 MB and 5<<18, which some second caches have, as 1280 KB.
func size(n int) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d KB", n>>10)
}

// record returns the machine as records have it.
func (m machine) record() record.Machine {
	return record.Machine{CPU: m.CPU, OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: m.Cores, Threads: m.Threads,
		Features: m.Features, L1: m.L1, L2: m.L2, L3: m.L3, Assumed: m.Assumed, Backends: m.Backends, Active: m.Active}
}
