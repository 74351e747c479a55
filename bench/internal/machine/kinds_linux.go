//go:build linux

package machine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// allowed are the numbers of the CPUs that the calling thread may use, ascending.
func allowed() (cpus []int, err error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, err
	}
	for cpu := range len(set) * strconv.IntSize {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// coreKinds tells what kinds of cores the CPUs that the process may use are of, as far as the kernel does.
func coreKinds() []record.CoreKind {
	cpus, err := allowed()
	if err != nil {
		return nil
	}
	return kindsOf(cpus, word)
}

// kindsOf tells it by the kernel's files: x86 has a list of each kind, Arm a capacity of each CPU. It returns nil if
// all are of one kind.
func kindsOf(cpus []int, word func(file string) string) []record.CoreKind {
	efficient := map[int]bool{}
	for _, cpu := range parseCPUs(word("/sys/devices/cpu_atom/cpus")) {
		efficient[cpu] = true
	}
	capacity, most := map[int]int{}, 0
	for _, cpu := range cpus {
		n, err := strconv.Atoi(word(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/cpu_capacity", cpu)))
		if err == nil {
			capacity[cpu], most = n, max(most, n)
		}
	}
	performance, efficiency := record.CoreKind{Kind: record.Performance}, record.CoreKind{Kind: record.Efficiency}
	for _, cpu := range cpus {
		kind := &performance
		if efficient[cpu] || capacity[cpu] < most {
			kind = &efficiency
		}
		kind.CPUs, kind.Count = append(kind.CPUs, cpu), kind.Count+1
	}
	if performance.Count == 0 || efficiency.Count == 0 {
		return nil
	}
	return []record.CoreKind{performance, efficiency}
}

// parseCPUs reads a list of the kernel as 0-3,8.
func parseCPUs(list string) (cpus []int) {
	for part := range strings.SplitSeq(list, ",") {
		first, last, found := strings.Cut(part, "-")
		if !found {
			last = first
		}
		a, err := strconv.Atoi(first)
		b, err2 := strconv.Atoi(last)
		if err != nil || err2 != nil {
			return nil
		}
		for cpu := a; cpu <= b; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

// choose is the CPU that threads are pinned to: the last, since the first serves most interrupts, of those that are
// fast.
func choose(cpus []int, kinds []record.CoreKind) int {
	if len(kinds) > 0 {
		cpus = kinds[0].CPUs
	}
	return slices.Max(cpus)
}
