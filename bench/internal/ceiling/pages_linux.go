//go:build linux

package ceiling

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// pages measures what the first touch of a page takes, and the latency of memory in small pages and in huge ones, of
// which a CPU finds more without a search.
func (r run) pages() error {
	const bytes = 64 << 20
	if len(r.Levels) < 2 || !Fits(bytes) { // a quick run
		return nil
	}
	for _, kind := range []struct {
		name   string
		advice int
	}{{"small", unix.MADV_NOHUGEPAGE}, {"huge", unix.MADV_HUGEPAGE}} {
		fresh := func(use func(memory []byte)) error {
			memory, err := unix.Mmap(-1, 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err != nil {
				return err
			}
			defer unix.Munmap(memory)
			if err := unix.Madvise(memory, kind.advice); err != nil {
				return err
			}
			use(memory)
			return nil
		}
		if fresh(func([]byte) {}) != nil {
			continue // a limit on memory, or a kernel without huge pages
		}
		err := Pinned(1, func() error {
			times, err := r.Timer.Run(r.ctx, func() {
				fresh(func(memory []byte) {
					for i := 0; i < len(memory); i += page {
						memory[i] = 1
					}
				})
			})
			if err != nil {
				return err
			}
			row := NewRow(record.Ceiling, "touching memory, "+kind.name+" pages", times[0])
			row.Bytes, row.N = bytes, bytes/page
			row.NsPerElement = row.Median / float64(row.N)
			r.report(row)
			if e := fresh(func(memory []byte) {
				links := unsafe.Slice((*link)(unsafe.Pointer(&memory[0])), len(memory)/line)
				err = r.latency("load latency, "+kind.name+" pages", NewLevel(r.Machine, bytes), links)
			}); e != nil {
				return e
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
