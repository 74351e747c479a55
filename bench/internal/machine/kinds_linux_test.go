package machine

import (
	"reflect"
	"testing"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// Kinds of cores are those of the kernel's files, of the CPUs that the process may use, and threads are pinned to the
// last that is fast.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		name   string
		cpus   []int
		files  map[string]string
		want   []record.CoreKind
		pinned int
	}{
		{"one kind", []int{0, 1, 2}, nil, nil, 2},
		{"hybrid", []int{0, 1, 2, 3, 4, 5}, map[string]string{"/sys/devices/cpu_core/cpus": "0-3",
			"/sys/devices/cpu_atom/cpus": "4-5"}, []record.CoreKind{{Kind: record.Performance, Count: 4,
			CPUs: []int{0, 1, 2, 3}}, {Kind: record.Efficiency, Count: 2, CPUs: []int{4, 5}}}, 3},
		{"hybrid, a part", []int{1, 5}, map[string]string{"/sys/devices/cpu_atom/cpus": "2,4-5"}, []record.CoreKind{
			{Kind: record.Performance, Count: 1, CPUs: []int{1}},
			{Kind: record.Efficiency, Count: 1, CPUs: []int{5}}}, 1},
		{"hybrid, the slow ones", []int{4, 5}, map[string]string{"/sys/devices/cpu_atom/cpus": "4-5"}, nil, 5},
		{"big, middle, little", []int{0, 1, 2, 3}, map[string]string{"/sys/devices/system/cpu/cpu0/cpu_capacity": "300",
			"/sys/devices/system/cpu/cpu1/cpu_capacity": "1024", "/sys/devices/system/cpu/cpu2/cpu_capacity": "1024",
			"/sys/devices/system/cpu/cpu3/cpu_capacity": "800"}, []record.CoreKind{{Kind: record.Performance, Count: 2,
			CPUs: []int{1, 2}}, {Kind: record.Efficiency, Count: 2, CPUs: []int{0, 3}}}, 2},
		{"all as large", []int{0, 1}, map[string]string{"/sys/devices/system/cpu/cpu0/cpu_capacity": "1024",
			"/sys/devices/system/cpu/cpu1/cpu_capacity": "1024"}, nil, 1},
		{"no list", []int{0, 1}, map[string]string{"/sys/devices/cpu_atom/cpus": "x-"}, nil, 1},
	} {
		got := kindsOf(c.cpus, func(file string) string { return c.files[file] })
		if !reflect.DeepEqual(got, c.want) || choose(c.cpus, got) != c.pinned {
			t.Errorf("%s: %+v, pinned to %d, want %+v, %d", c.name, got, choose(c.cpus, got), c.want, c.pinned)
		}
	}
}
