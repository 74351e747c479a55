package dataset

import (
	"fmt"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
)

// A Source hands out examples as rows of features. [Examples] convert them each time, a [Matrix] holds them
// converted, four or eight times as large; any other type with these methods will do, such as one over a file
// that is mapped into memory. They are called from several goroutines at once, and must not change what they
// hand out.
type Source[T kernels.Float] interface {
	// Len returns the number of examples.
	Len() int

	// Features returns the number of features of an example, at least 1.
	Features() int

	// FillRows sets row i of dst, whose leading dimension is ld, to the features of example indices[i], and
	// touches nothing else. What it computes it computes with the engine, which is that of who asks: on its
	// backend, on one thread.
	FillRows(e bitstep.Engine[T], dst []T, ld int, indices []int)

	// FillRange does the same for the examples lo to hi-1.
	FillRange(e bitstep.Engine[T], dst []T, ld, lo, hi int)
}

// A Viewer is a [Source] whose rows are in memory: those of neighbours are read where they lie.
type Viewer[T kernels.Float] interface {
	Source[T]

	// View returns the examples lo to hi-1, hi being more than lo, as rows with a leading dimension. They
	// are read and never written.
	View(lo, hi int) (rows []T, ld int)
}

// A Resident is a [Source] whose examples are in memory, converted or not. Who knows which come next brings them to the
// caches, while there is something else to do or at least all together: reads that wait for nothing but memory overlap.
type Resident interface {
	// Memory returns the memory that an example is read from. It is not written, and need not be read.
	Memory(example int) []byte
}

// A Checker is a [Source] that may be put together wrongly: who takes it asks it first.
type Checker interface{ Check() error }

func checkRows[T kernels.Float](fn string, dst []T, ld, rows, cols int) {
	if ld < cols {
		panic(fmt.Sprintf("dataset: %s: ld = %d, want at least the %d columns", fn, ld, cols))
	}
	if rows > 0 && (len(dst) < cols || (len(dst)-cols)/ld < rows-1) {
		panic(fmt.Sprintf("dataset: %s: len(dst) = %d, too short for %d rows of %d with leading dimension %d",
			fn, len(dst), rows, cols, ld))
	}
}
