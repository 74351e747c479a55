package ceiling

import (
	"fmt"
	"unsafe"

	"github.com/bitstep-go/bitstep/bench/internal/machine"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/internal/rows"
)

// A Level is a place that operands come from: the working set, all of a call's streams together.
type Level struct {
	Name  string // L1, L2, L3, DRAM, or empty where it lies between two
	Bytes int
}

func (l Level) String() string {
	if l.Name == "" {
		return Size(l.Bytes)
	}
	return l.Name
}

// NewLevel names the level that a working set of so many bytes lies in. One that fits a cache only in part has no
// name, and what is called DRAM is at least four times the last cache: hot data must not pass for memory.
func NewLevel(m record.Machine, bytes int) Level {
	l := Level{"", bytes}
	switch {
	case bytes <= m.L1*3/4:
		l.Name = "L1"
	case bytes >= 2*m.L1 && bytes <= m.L2*3/4:
		l.Name = "L2"
	case bytes >= 2*m.L2 && bytes <= m.L3/2:
		l.Name = "L3"
	case bytes >= 4*m.L3:
		l.Name = "DRAM"
	}
	return l
}

// Levels are working sets for each level: half of L1 and L2; out of L2 but well inside L3, of which a virtual machine
// may have only a part, the smaller the more cores share it; and memory, if there is enough. An L3 that dozens of cores
// share is so large that every kernel from four times as much would take a run many minutes: there the last has no
// name, as a part of it may stay in L3.
func Levels(m record.Machine) (all []Level) {
	const inside, least, most = 16 << 20, 128 << 20, 256 << 20
	memory := min(max(4*m.L3, least), most)
	for _, bytes := range []int{m.L1 / 2, m.L2 / 2, max(2*m.L2, min(m.L3/4, inside)), memory} {
		l := NewLevel(m, bytes)
		again := len(all) > 0 && all[len(all)-1].Name == l.Name // L3, where it is larger than twice the most
		if (l.Name != "" || bytes == memory) && !again && Fits(bytes) {
			all = append(all, l)
		}
	}
	return all
}

// Fits reports whether the machine has the memory for a working set, and for twice as much besides.
func Fits(bytes int) bool {
	has := machine.Memory()
	return has == 0 && bytes <= 1<<30 || bytes <= has/3
}

// Size writes 1<<20 as 1 MB and 5<<18, which some second caches have, as 1280 KB.
func Size(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MB", n>>20)
	case n%(1<<10) == 0:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// An Arena is the memory that streams are cut from: what is compared is measured in the same memory, since two parts
// were seen to differ by 10 % in speed, by what pages they happen to be made of.
type Arena []byte

const (
	line = 64
	page = 4096
)

// NewArena returns memory for working sets of so many bytes, all of it present.
func NewArena(bytes int) Arena {
	words := make([]float64, (bytes+(rows.MostOperands()+1)*2*page)/8)
	for i := range words {
		words[i] = 1
	}
	a := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)
	return a[-uintptr(unsafe.Pointer(&a[0]))%page:]
}

// Cut returns streams of n elements, of so many bytes each. Neighbours start 17 lines apart from a multiple of 4 KB, so
// that they do not meet in the same sets of a cache.
func (a Arena) Cut(n int, sizes ...int) (streams [][]byte) {
	at := 0
	for i, size := range sizes {
		at = (at+page-1)/page*page + 17*i*line%page
		streams = append(streams, a[at:at+n*size:at+n*size])
		at += n * size
	}
	return streams
}

// Elements is how many elements of streams make a working set: a multiple of 256.
func Elements(bytes int, sizes ...int) int {
	sum := 0
	for _, s := range sizes {
		sum += s
	}
	return max(256, bytes/sum&^255)
}
