package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/klauspost/cpuid/v2"

	"github.com/bitstep-go/bitstep"
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
	m.L1 = cacheSize(1, cpuid.CPU.Cache.L1D)
	m.L2 = cacheSize(2, cpuid.CPU.Cache.L2)
	m.L3 = cacheSize(3, cpuid.CPU.Cache.L3)
	if m.L1 <= 0 || m.L2 <= 0 {
		m.L1, m.L2, m.Assumed = 32<<10, 512<<10, true
	}
	if m.L3 <= m.L2 { // none, or none that anyone tells of
		m.L3, m.Assumed = 16*m.L2, true
	}
	return m
}

// cacheSize prefers what Linux says of the caches to what cpuid does: machines that are virtual often
// describe their caches to one and not to the other.
func cacheSize(level, fromCPU int) int {
	for i := range 8 {
		dir := fmt.Sprintf("/sys/devices/system/cpu/cpu0/cache/index%d/", i)
		read := func(name string) string {
			text, err := os.ReadFile(dir + name)
			if err != nil {
				return ""
			}
			return strings.TrimSpace(string(text))
		}
		if read("level") != strconv.Itoa(level) || read("type") == "Instruction" {
			continue
		}
		if kb, err := strconv.Atoi(strings.TrimSuffix(read("size"), "K")); err == nil {
			return kb << 10
		}
	}
	return fromCPU
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
