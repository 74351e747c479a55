package machine

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// kinds tells how many CPUs of each kind there are: macOS has no numbers for them. Level 0 is the fastest.
func kinds() []record.CoreKind {
	performance, efficiency := record.CoreKind{Kind: record.Performance}, record.CoreKind{Kind: record.Efficiency}
	levels, err := unix.SysctlUint32("hw.nperflevels")
	if err != nil {
		return nil
	}
	for level := range levels {
		n, err := unix.SysctlUint32(fmt.Sprintf("hw.perflevel%d.logicalcpu", level))
		if err != nil {
			return nil
		}
		if level == 0 {
			performance.Count = int(n)
		} else {
			efficiency.Count += int(n)
		}
	}
	if efficiency.Count == 0 {
		return nil
	}
	return []record.CoreKind{performance, efficiency}
}
