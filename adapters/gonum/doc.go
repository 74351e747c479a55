// Package gonumblas is gonum's BLAS with the arithmetic of bitstep: one line in a program that exists.
//
//	blas64.Use(gonumblas.Implementation{})
//	blas32.Use(gonumblas.Implementation{})
//
// Packages mat, lapack, optimize and stat of gonum then compute with it. [On] chooses a backend,
// [Implementation.Threads] how many threads a call may have. [Implementation.Fastest] gives bits away for time.
//
// # The promise of bits
//
// Results of these routines, of any size and with any increments and leading dimensions, are those of definitions in
// package kernels of bitstep: the same bits on every CPU, GOARCH, backend and number of threads.
//
//	Gemm          kernels.Gemm
//	Gemv          kernels.Gemv
//	Ger           kernels.Gemm of a column and a row: k = 1, beta = 1
//	Syrk          the stored triangle of kernels.Gemm of op(A) and the transposed of op(A)
//	Symm          kernels.Gemm, none transposed, of the whole of A
//	Trmm, Trsm    blocks of kernels.Gemm: see below
//	Axpy          kernels.Axpy
//	Scal          kernels.Scale, and zeros with alpha = 0
//	Dot           kernels.Dot
//	Asum          kernels.SumAbs
//	Nrm2          the square root of kernels.SumSquares: see below
//	Iamax         nothing is rounded
//	Copy, Swap    nothing is rounded; they are gonum's
//
// Each in single and in double precision, which is S or D before its name. With alpha = 0, k = 0 or nothing to do,
// the code is gonum's, which then rounds nothing but beta*c. So is that of Scal, Axpy and Iamax where it is as fast
// and certain to give the same bits: a product alone is rounded the same way everywhere, a largest element is not
// rounded, and gonum's Axpy in assembly, on amd64, rounds both product and sum.
//
// No other routine has that promise: complex ones, those of banded and packed matrices, Trmv, Trsv, Symv, Syr, Syr2k,
// Rot, ... are gonum's own, as are factorizations, and all that gonum computes in Go. Where there is an instruction
// for it, the compiler fuses x*y + z of such code to one operation that rounds once: on arm64, ppc64, riscv64, s390x,
// loong64 and with GOAMD64=v3. On amd64 gonum's assembly is in place of much of it, with other orders of sums. So
// what LAPACK and package mat compute may differ from machine to machine in last bits, whatever BLAS they call.
//
// # Triangles
//
// All is done to rows of B, as the left side has it; the right side is the left side of what is transposed. A
// triangle of more than 8 rows is cut behind the first 8, 16, 32, ... rows, the fewest of these that are half of it
// or more. With T for the part of op(A) that is neither triangle, B1 and B2 for the rows of B before and behind the
// cut, op(A) upper:
//
//	Trsm: solve B2 with alpha;     B1 = alpha*B1 - T*B2;   solve B1 with 1
//	Trmm: multiply B1 by alpha;    B1 = B1 + alpha*T*B2;   multiply B2 by alpha
//
// and with B1 and B2 exchanged if op(A) is lower. Each product is one of kernels.Gemm, with alpha or -1, and with
// beta = alpha or 1. Up to 8 rows are done one by one, from the end at which nothing is needed any more, with a for
// row i of the triangle without its diagonal d, and R for the rows of B that it meets:
//
//	Trsm: b = alpha*b - a*R, then b = b*(1/d)       or b/d where 1/d is no normal number
//	Trmm: b = alpha*a*R + (alpha*d)*b
//
// A product of no terms is left out, beta*b as well if beta is 1. What a row or column of B becomes does not depend
// on the others, as in kernels.Gemm.
//
// # The norm
//
// With s = kernels.SumSquares(x), Nrm2 is sqrt(s) unless squares are lost: where s is below 2^-960 (float32: 2^-80),
// elements are multiplied by 2^600 (2^100) before they are squared, where it is infinite by 2^-540 (2^-90), and the
// root is divided by that. One element is its own norm, without its sign.
//
// # What is as in gonum
//
// Wrong arguments panic with gonum's messages, before anything is written. With beta = 0, C and y are not read. NaN
// and infinities come through products as IEEE 754 has it: gonum passes over factors that are zero, so that 0 times
// NaN is 0 for some of its routines, and NaN here. Operands that are written may be parts of the matrix that others
// are parts of, as LAPACK has them; where rows alternate in memory, those others are copied. Where there
// is assembly, calls allocate nothing but memory for such copies, which is pooled.
package gonumblas
