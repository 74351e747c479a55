//go:build linux

package machine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Counters are the hardware's counters of the calling thread, which has to stay on its goroutine. Nil counters count
// nothing.
type Counters struct {
	files []int // the first leads the group: all count at the same time
}

var events = []struct {
	name   string
	config uint64
}{{"cycles", unix.PERF_COUNT_HW_CPU_CYCLES}, {"instructions", unix.PERF_COUNT_HW_INSTRUCTIONS},
	{"cache_misses", unix.PERF_COUNT_HW_CACHE_MISSES}}

// OpenCounters returns the counters, or nil and why there are none.
func OpenCounters() (*Counters, error) {
	c := &Counters{}
	for _, e := range events {
		attr := unix.PerfEventAttr{Type: unix.PERF_TYPE_HARDWARE, Config: e.config, Read_format: unix.PERF_FORMAT_GROUP,
			Bits: unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv}
		attr.Size = uint32(unsafe.Sizeof(attr))
		leader := -1
		if len(c.files) > 0 {
			leader = c.files[0]
		} else {
			attr.Bits |= unix.PerfBitDisabled
		}
		fd, err := unix.PerfEventOpen(&attr, 0, -1, leader, unix.PERF_FLAG_FD_CLOEXEC)
		if err != nil {
			c.Close()
			switch {
			case errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM):
				return nil, fmt.Errorf("%s: %w (perf_event_paranoid is %s)", e.name, err,
					word("/proc/sys/kernel/perf_event_paranoid"))
			case errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP):
				return nil, fmt.Errorf("%s: this CPU, or the hypervisor, offers none", e.name)
			}
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
		c.files = append(c.files, fd)
	}
	return c, nil
}

// Start starts counting, from 0.
func (c *Counters) Start() {
	if c != nil {
		unix.IoctlSetInt(c.files[0], unix.PERF_EVENT_IOC_RESET, unix.PERF_IOC_FLAG_GROUP)
		unix.IoctlSetInt(c.files[0], unix.PERF_EVENT_IOC_ENABLE, unix.PERF_IOC_FLAG_GROUP)
	}
}

// Stop stops counting and returns the counts by their names, or nil.
func (c *Counters) Stop() map[string]float64 {
	if c == nil {
		return nil
	}
	unix.IoctlSetInt(c.files[0], unix.PERF_EVENT_IOC_DISABLE, unix.PERF_IOC_FLAG_GROUP)
	text := make([]byte, 8*(1+len(events))) // how many, then each
	if n, err := unix.Read(c.files[0], text); err != nil || n < len(text) {
		return nil
	}
	counts := map[string]float64{}
	for i, e := range events {
		counts[e.name] = float64(binary.NativeEndian.Uint64(text[8*(1+i):]))
	}
	return counts
}

// Close ends the counters.
func (c *Counters) Close() {
	if c != nil {
		for _, fd := range c.files {
			unix.Close(fd)
		}
	}
}
