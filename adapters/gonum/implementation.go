package gonumblas

import (
	"github.com/bitstep-go/bitstep"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// Implementation is gonum's implementation of BLAS with bitstep's arithmetic in the routines that the package comment
// lists. The zero value computes on the active backend, with as many threads as a call pays for.
type Implementation struct {
	gonum.Implementation
	backend bitstep.Backend
	chosen  bool // backend is one that On was given
	threads int  // 0: GOMAXPROCS
}

var (
	_ blas.Float32    = Implementation{}
	_ blas.Float64    = Implementation{}
	_ blas.Complex64  = Implementation{}
	_ blas.Complex128 = Implementation{}
)

// On returns the implementation on a backend. It panics if the backend is not one of [bitstep.Backends].
func On(b bitstep.Backend) Implementation {
	bitstep.On[float64](b)
	return Implementation{backend: b, chosen: true}
}

// Threads returns i limited to n threads per call, which is for callers that are parallel already; n <= 0 removes the
// limit. Results do not depend on it.
func (i Implementation) Threads(n int) Implementation {
	i.threads = max(n, 0)
	return i
}

// on returns the kernels of i.
func on[T bitstep.Float](i Implementation) bitstep.Engine[T] {
	b := i.backend
	if !i.chosen {
		b = bitstep.Active()
	}
	return bitstep.On[T](b).Threads(i.threads)
}
