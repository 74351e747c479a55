package mem

import "syscall"

// advise asks for huge pages: of 2 MiB, where the kernel gives them to who asks. If it does not, nothing is lost.
func advise(b []byte) { _ = syscall.Madvise(b, syscall.MADV_HUGEPAGE) }
