package gonumblas

import (
	"github.com/bitstep-go/bitstep"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// Implementation is gonum's implementation of BLAS with bitstep's arithmetic in the routines that the package comment
// lists. The zero value computes on the active backend, with as many threads as a call pays for.
type Implementation struct {
	gonum.Implementation     // the compiler keeps no more than 4 fields in registers
	backend              int // that On was given, plus 1; 0: the active one
	threads              int // 0: GOMAXPROCS
	fastest              bool
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
	return Implementation{backend: int(b) + 1}
}

// Threads returns i limited to n threads per call, which is for callers that are parallel already; n <= 0 removes the
// limit. Results do not depend on it.
func (i Implementation) Threads(n int) Implementation {
	i.threads = max(n, 0)
	return i
}

// Fastest returns i with gonum's own code in small calls, where that takes less time. Their results may differ from
// machine to machine; all other calls have the bits that they have without. Which calls are small follows from routine
// and size alone:
//
//	elements   Axpy, Scal below 256; Dot below 512; Asum below 128; Nrm2 below 64; Iamax below 1024
//	m*n        Gemv, Ger below 2048
//	m*n*k      Gemm below 64, Symm below 128, Syrk below 512, Trmm and Trsm below 2048
//
// where k is the order of A for Symm, Trmm and Trsm, and m = n for Syrk.
func (i Implementation) Fastest() Implementation {
	i.fastest = true
	return i
}

// From how much on calls are as fast as gonum's own, square ones with AVX-512 (Zen 5): elements, or products.
const (
	axpyFrom      = shortUpdate
	scalFrom      = shortUpdate
	dotFrom       = 512
	asumFrom      = 128
	nrm2From      = 64
	iamaxFrom     = 1024
	gemvFrom      = 2048
	gerFrom       = 2048
	gemmFrom      = 64
	symmFrom      = 128
	syrkFrom      = 512
	trianglesFrom = 2048
)

// small reports whether a call of m*n*k products is gonum's own for the sake of time. (Of right arguments no more than
// 1<<44 where int has 32 bits.)
func (i Implementation) small(from, m, n, k int) bool {
	return i.fastest && uint64(m)*uint64(n)*uint64(k) < uint64(from)
}

// on returns the kernels of i.
func on[T bitstep.Float](i Implementation) bitstep.Engine[T] {
	b := bitstep.Active()
	if i.backend != 0 {
		b = bitstep.Backend(i.backend - 1)
	}
	return bitstep.On[T](b).Threads(i.threads)
}
