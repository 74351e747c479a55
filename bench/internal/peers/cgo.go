//go:build cgo && (linux || darwin || freebsd)

package peers

/*
#cgo linux LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

// What is found by dlsym, as CBLAS and oneDNN declare it. Matrices are row by row.
typedef void (*sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
typedef void (*dgemm)(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *,
	int);
typedef void (*saxpy)(int, float, const float *, int, float *, int);
typedef void (*daxpy)(int, double, const double *, int, double *, int);
typedef float (*sdot)(int, const float *, int, const float *, int);
typedef double (*ddot)(int, const double *, int, const double *, int);
typedef int (*dnnl)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t, float,
	float *, int64_t);

enum { rows = 101, plain = 111, transposed = 112 };

static int trans(int t) { return t ? transposed : plain; }
static void call_sgemm(void *f, int ta, int tb, int m, int n, int k, const float *a, int lda, const float *b, int ldb,
		float *c, int ldc) {
	((sgemm)f)(rows, trans(ta), trans(tb), m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
}
static void call_dgemm(void *f, int ta, int tb, int m, int n, int k, const double *a, int lda, const double *b, int ldb,
		double *c, int ldc) {
	((dgemm)f)(rows, trans(ta), trans(tb), m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
}
static void call_saxpy(void *f, int n, float a, const float *x, float *y) { ((saxpy)f)(n, a, x, 1, y, 1); }
static void call_daxpy(void *f, int n, double a, const double *x, double *y) { ((daxpy)f)(n, a, x, 1, y, 1); }
static float call_sdot(void *f, int n, const float *x, const float *y) { return ((sdot)f)(n, x, 1, y, 1); }
static double call_ddot(void *f, int n, const double *x, const double *y) { return ((ddot)f)(n, x, 1, y, 1); }
static void call_dnnl(void *f, int ta, int tb, int m, int n, int k, const float *a, int lda, const float *b, int ldb,
		float *c, int ldc) {
	((dnnl)f)(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
}
*/
import "C"

import (
	"fmt"
	"strings"
	"sync"
	"unsafe"
)

// A library is found under the first of its names that the linker knows.
type library struct {
	name  string
	files string
}

var known = []library{
	{"OpenBLAS", "libopenblas.so.0 libopenblas.so libopenblas.dylib"},
	{"BLIS", "libblis.so.4 libblis.so.3 libblis.so libblis.dylib"},
	{"oneDNN", "libdnnl.so.3 libdnnl.so.2 libdnnl.so libdnnl.dylib"},
}

var opened struct {
	sync.Once
	peers32 []peer[float32]
	peers64 []peer[float64]
	missing []error
}

// libraries returns the libraries of C that are installed, which run one thread, and why others are not there.
func libraries() ([]peer[float32], []peer[float64], []error) {
	opened.Do(func() { opened.peers32, opened.peers64, opened.missing = openLibraries() })
	return opened.peers32, opened.peers64, opened.missing
}

func openLibraries() (peers32 []peer[float32], peers64 []peer[float64], missing []error) {
	// They read the environment as they are opened.
	for _, v := range []string{"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS"} {
		name, one := C.CString(v), C.CString("1")
		C.setenv(name, one, 1)
		C.free(unsafe.Pointer(name))
		C.free(unsafe.Pointer(one))
	}
	for _, l := range known {
		handle := l.open()
		if handle == nil {
			missing = append(missing, fmt.Errorf("%s: there is no %s", l.name, strings.Join(strings.Fields(l.files),
				", ")))
			continue
		}
		if f := symbol(handle, "dnnl_sgemm"); f != nil {
			peers32 = append(peers32, peer[float32]{name: l.name, gemm: func(transA, transB bool, m, n, k int,
				a []float32, lda int,
				b []float32, ldb int, c []float32, ldc int) {
				C.call_dnnl(f, truth(transA), truth(transB), C.int(m), C.int(n), C.int(k), (*C.float)(&a[0]),
					C.int(lda),
					(*C.float)(&b[0]), C.int(ldb), (*C.float)(&c[0]), C.int(ldc))
			}})
			continue
		}
		p32, p64, err := cblas(l.name, handle)
		if err != nil {
			missing = append(missing, err)
			continue
		}
		peers32, peers64 = append(peers32, p32), append(peers64, p64)
	}
	return peers32, peers64, missing
}

func (l library) open() unsafe.Pointer {
	for _, file := range strings.Fields(l.files) {
		name := C.CString(file)
		handle := C.dlopen(name, C.RTLD_NOW|C.RTLD_LOCAL)
		C.free(unsafe.Pointer(name))
		if handle != nil {
			return handle
		}
	}
	return nil
}

func symbol(handle unsafe.Pointer, name string) unsafe.Pointer {
	s := C.CString(name)
	defer C.free(unsafe.Pointer(s))
	return C.dlsym(handle, s)
}

func truth(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// cblas makes peers of a library's CBLAS.
func cblas(name string, handle unsafe.Pointer) (p32 peer[float32], p64 peer[float64], err error) {
	f := map[string]unsafe.Pointer{}
	for _, s := range []string{"sgemm", "dgemm", "saxpy", "daxpy", "sdot", "ddot"} {
		if f[s] = symbol(handle, "cblas_"+s); f[s] == nil {
			return p32, p64, fmt.Errorf("%s: it has no cblas_%s", name, s)
		}
	}
	sgemm, dgemm, saxpy, daxpy, sdot, ddot := f["sgemm"], f["dgemm"], f["saxpy"], f["daxpy"], f["sdot"], f["ddot"]
	p32 = peer[float32]{
		name,
		func(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
			C.call_sgemm(sgemm, truth(transA), truth(transB), C.int(m), C.int(n), C.int(k), (*C.float)(&a[0]),
				C.int(lda),
				(*C.float)(&b[0]), C.int(ldb), (*C.float)(&c[0]), C.int(ldc))
		},
		func(a float32, x, y []float32) {
			C.call_saxpy(saxpy, C.int(len(x)), C.float(a), (*C.float)(&x[0]), (*C.float)(&y[0]))
		},
		func(x, y []float32) float32 {
			return float32(C.call_sdot(sdot, C.int(len(x)), (*C.float)(&x[0]), (*C.float)(&y[0])))
		},
		nil,
	}
	p64 = peer[float64]{
		name,
		func(transA, transB bool, m, n, k int, a []float64, lda int, b []float64, ldb int, c []float64, ldc int) {
			C.call_dgemm(dgemm, truth(transA), truth(transB), C.int(m), C.int(n), C.int(k), (*C.double)(&a[0]),
				C.int(lda),
				(*C.double)(&b[0]), C.int(ldb), (*C.double)(&c[0]), C.int(ldc))
		},
		func(a float64, x, y []float64) {
			C.call_daxpy(daxpy, C.int(len(x)), C.double(a), (*C.double)(&x[0]), (*C.double)(&y[0]))
		},
		func(x, y []float64) float64 {
			return float64(C.call_ddot(ddot, C.int(len(x)), (*C.double)(&x[0]), (*C.double)(&y[0])))
		},
		nil,
	}
	return p32, p64, nil
}
