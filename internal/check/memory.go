package check

import (
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
)

// Memory is the largest size of what is read at once because a file says that it is so large: the memory of the machine
// where the system tells it (Linux), and 1<<40 elsewhere; never more than an int. A process that asks for more is
// killed, and a sparse file claims any size.
var Memory = sync.OnceValue(func() uint64 {
	text, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		var kilobytes uint64
		if _, err := fmt.Sscanf(line, "MemTotal: %d kB", &kilobytes); err == nil {
			return min(kilobytes<<10, math.MaxInt)
		}
	}
	return min(1<<40, math.MaxInt)
})
