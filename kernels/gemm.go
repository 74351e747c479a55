package kernels

// Matrix products. Matrices are row-major; element (i, j) of a matrix with leading dimension ld is at
// i*ld+j.

// GemmBlock is how many k share one chain of fma in rule 8.
const GemmBlock = 256

// StripedMin is the k from which on products of operands that are contiguous along k are striped.
const StripedMin = 128

// GemmStriped reports whether [Gemm] sums in the striped order of rule 7, and not in the chains of rule 8: A
// not transposed, B transposed, and k at least [StripedMin]. The order does not depend on m or n, leading
// dimensions, alpha or beta.
func GemmStriped(transA, transB bool, k int) bool { return !transA && transB && k >= StripedMin }

// Gemm computes, as BLAS on row-major matrices,
//
//	C = alpha*op(A)*op(B) + beta*C
//
// where op(A) is m x k and op(B) is k x n: A is stored m x k with lda >= k, or with transA k x m with
// lda >= m; B is stored k x n with ldb >= n, or with transB n x k with ldb >= k; C is m x n with
// ldc >= n. Each element of C is
//
//	T(alpha*sum) + T(beta*c)
//
// the sum over k in the order that [GemmStriped] tells. With beta = 0, C is not read and the element is
// T(alpha*sum). With alpha = 0, A and B are not read and the element is T(beta*c), or +0 if beta is
// 0 too. The sum of no products is +0. C must not overlap A or B.
//
// An element of C depends on its row of op(A) and its column of op(B) alone, the bits too: neither m nor n
// changes them. A single column of W*X (n = 1, B not transposed) is a chain like the others, and slow: pass its
// vector as transposed B, or call [Gemv], unless its bits must be those of the column of a larger product.
func Gemm[T Float](transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int,
	beta T, c []T, ldc int) {
	if alpha == 0 {
		for i := range m {
			for j := range n {
				c[i*ldc+j] = scaled(beta, c[i*ldc+j])
			}
		}
		return
	}
	if GemmStriped(transA, transB, k) {
		GemmLanes(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	GemmChains(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// GemmContinue continues sums that C holds: with op(A), op(B) and C as in [Gemm],
//
//	c = fma(op(A)[i][k], op(B)[k][j], c)    for each element of C, k ascending
//
// one chain whatever the shape and however large k is. So a product of up to [GemmBlock] k in the order of rule 8
// can be taken in parts of k, the first by Gemm, as they come, and has the bits of the whole.
func GemmContinue[T Float](transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int) {
	gemmChains(true, transA, transB, m, n, k, 1, a, lda, b, ldb, 1, c, ldc)
}

// Gemv computes, with A stored m x n and lda >= n,
//
//	y = alpha*A*x + beta*y        x of length n, y of length m: the row x'*A' of Gemm with transB
//	y = alpha*A'*x + beta*y       with transA; x of length m, y of length n: the row x'*A of Gemm
//
// alpha and beta as in [Gemm], the order of the sums too: with transA chains, without it striped if n is at least
// [StripedMin]. y must not overlap A or x.
func Gemv[T Float](transA bool, m, n int, alpha T, a []T, lda int, x []T, beta T, y []T) {
	rows, k := m, n
	if transA {
		rows, k = n, m
	}
	Gemm(false, !transA, 1, rows, k, alpha, x, k, a, lda, beta, y, rows)
}

// scaled is beta*c, with c unread where beta is 0.
func scaled[T Float](beta, c T) T {
	if beta == 0 {
		return 0
	}
	return T(beta * c)
}

// GemmUpdate is alpha*sum + beta*c, with c unread where beta is 0.
func GemmUpdate[T Float](alpha, sum, beta, c T) T {
	if beta == 0 {
		return T(alpha * sum)
	}
	return T(alpha*sum) + T(beta*c)
}

// GemmLanes is [Gemm] with alpha != 0 in the order of rule 7, whatever the shape. A part of a product has
// the bits of the whole when it is computed in the whole's order. It takes a tile of C at a time, whose rows
// and columns share what they widen.
func GemmLanes[T Float](transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int,
	beta T, c []T, ldc int) {
	const tileM, tileN, block = 16, 4, 256 // of whole lines, so that each block starts at lane 0
	// Row i of op(A) starts at i*rowA and has stride incA; likewise the columns of op(B).
	rowA, incA, colB, incB := lda, 1, ldb, 1
	if transA {
		rowA, incA = 1, lda
	}
	if !transB {
		colB, incB = 1, ldb
	}
	var (
		lanes [tileM][tileN][16]T
		rows  [tileM][block]float64
		col   [block]float64
	)
	for i0 := 0; i0 < m; i0 += tileM {
		height := min(tileM, m-i0)
		for j0 := 0; j0 < n; j0 += tileN {
			width := min(tileN, n-j0)
			clear(lanes[:])
			for k0 := 0; k0 < k; k0 += block {
				depth := min(block, k-k0)
				for i := range height {
					widen(rows[i][:depth], a[(i0+i)*rowA+k0*incA:], incA)
				}
				for j := range width {
					widen(col[:depth], b[(j0+j)*colB+k0*incB:], incB)
					for i := range height {
						fmaLanes(&lanes[i][j], rows[i][:depth], col[:depth])
					}
				}
			}
			for i := range height {
				for j := range width {
					at := (i0+i)*ldc + j0 + j
					c[at] = GemmUpdate(alpha, Fold(&lanes[i][j]), beta, c[at])
				}
			}
		}
	}
}

// GemmChains is [Gemm] with alpha != 0 in the order of rule 8, whatever the shape.
func GemmChains[T Float](transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int,
	beta T, c []T, ldc int) {
	gemmChains(false, transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// gemmChains is [GemmContinue] or [GemmChains]. It takes a tile of C at a time and packs the columns of op(B) that
// the tile's rows share.
func gemmChains[T Float](continues, transA, transB bool, m, n, k int, alpha T, a []T, lda int, b []T, ldb int,
	beta T, c []T, ldc int) {
	const rows, groups, cols = 16, 4, 4 * 4
	// Element (i, kk) of op(A) is at i*rowA + kk*incA, element (kk, j) of op(B) at j*colB + kk*incB.
	rowA, incA, colB, incB := lda, 1, 1, ldb
	if transA {
		rowA, incA = 1, lda
	}
	if transB {
		colB, incB = ldb, 1
	}
	var (
		sums  [rows][groups][4]T
		row   [GemmBlock]float64
		panel [groups][GemmBlock][4]float64
	)
	for i0 := 0; i0 < m; i0 += rows {
		height := min(rows, m-i0)
		for j0 := 0; j0 < n; j0 += cols {
			width := min(cols, n-j0)
			clear(sums[:])
			if continues {
				for i := range height {
					for j := range width {
						sums[i][j/4][j%4] = c[(i0+i)*ldc+j0+j]
					}
				}
			}
			for k0 := 0; k0 < k; k0 += GemmBlock {
				depth := min(GemmBlock, k-k0)
				for kk := range depth {
					line := b[j0*colB+(k0+kk)*incB:]
					for j := range width {
						panel[j/4][kk][j%4] = float64(line[j*colB])
					}
				}
				for i := range height {
					widen(row[:depth], a[(i0+i)*rowA+k0*incA:], incA)
					for g := range (width + 3) / 4 {
						if k0 == 0 || continues {
							fmaColumns(&sums[i][g], row[:depth], panel[g][:])
							continue
						}
						var acc [4]T
						fmaColumns(&acc, row[:depth], panel[g][:])
						for j := range acc {
							sums[i][g][j] += acc[j]
						}
					}
				}
			}
			for i := range height {
				for j := range width {
					at, sum := (i0+i)*ldc+j0+j, sums[i][j/4][j%4]
					if !continues {
						sum = GemmUpdate(alpha, sum, beta, c[at])
					}
					c[at] = sum
				}
			}
		}
	}
}
