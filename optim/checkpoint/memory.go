package checkpoint

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// mostData is the largest size of a file's tensors that is read: the memory of the machine where the system tells
// it (Linux), and 1<<40 elsewhere. A process that asks for more is killed, and a sparse file claims any size.
var mostData = sync.OnceValue(func() uint64 {
	text, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		var kilobytes uint64
		if _, err := fmt.Sscanf(line, "MemTotal: %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	return 1 << 40
})
