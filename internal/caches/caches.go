// Package caches tells the sizes of the machine's caches.
package caches

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// Sizes are those of the data caches in bytes, of one core or shared by some, where the CPU tells of them; else what
// is usual, and assumed is true.
func Sizes() (l1, l2, l3 int, assumed bool) {
	c := cpuid.CPU.Cache
	return usual(c.L1D, c.L2, c.L3)
}

// Described is [Sizes] but prefers what Linux says: machines that are virtual often describe their caches to one and
// not to the other.
func Described() (l1, l2, l3 int, assumed bool) {
	c := cpuid.CPU.Cache
	return usual(described(1, c.L1D), described(2, c.L2), described(3, c.L3))
}

// usual replaces sizes that nobody tells, or that cannot be.
func usual(l1, l2, l3 int) (int, int, int, bool) {
	assumed := false
	if l1 <= 0 || l2 < l1 {
		l1, l2, assumed = 32<<10, 512<<10, true
	}
	if l3 <= l2 {
		l3, assumed = 16*l2, true
	}
	return l1, l2, l3, assumed
}

// described is what Linux says of a level's cache, or else what the CPU does.
func described(level, fromCPU int) int {
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
