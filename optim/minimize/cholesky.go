package minimize

import (
	"math"

	"github.com/bitstep-go/bitstep/internal/num"
)

// cholesky factors the n x n matrix A + tau*I into L*L' and reports whether it is positive definite. It reads
// the lower triangle of a and writes that of l, row by row, which may be a itself:
//
//	l[i][j] = (a[i][j] - sum over k < j, ascending, of l[i][k]*l[j][k]) / l[j][j],  l[i][i] = sqrt(...)
func cholesky(l, a []float64, n int, tau float64) bool {
	for i := range n {
		row := l[i*n : i*n+i+1]
		for j := range row {
			other := l[j*n : j*n+j+1]
			v := a[i*n+j]
			if i == j {
				v += tau
			}
			for k, x := range row[:j] {
				v -= float64(x * other[k])
			}
			if j < i {
				row[j] = v / other[j]
				continue
			}
			if !(v > 0) || !num.Finite(v) {
				return false
			}
			row[j] = math.Sqrt(v)
		}
	}
	return true
}

// choleskySolve overwrites b by the solution x of L*L'*x = b.
func choleskySolve(l, b []float64, n int) {
	for i := range n {
		v := b[i]
		for k, x := range l[i*n : i*n+i] {
			v -= float64(x * b[k])
		}
		b[i] = v / l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		b[i] /= l[i*n+i]
		v := b[i]
		for k, x := range l[i*n : i*n+i] {
			b[k] -= float64(x * v)
		}
	}
}

// choleskyDamped factors A + tau*I with the first tau of 0, beta, 4*beta, 16*beta, ... that makes it positive
// definite, beta being 2^-10 of the largest |a[i][i]|, or 1 if that is 0, and at least 2^-1074, because tau does not
// grow from 0; with a diagonal that is not positive, from -min a[i][i] + beta on. It returns tau, or false if A is not
// finite. Source: Nocedal and Wright, Numerical Optimization (2006), algorithm 3.3.
func choleskyDamped(l, a []float64, n int) (tau float64, ok bool) {
	lowest, largest := math.Inf(1), 0.0
	for i := range n {
		for _, v := range a[i*n : i*n+i] {
			if !num.Finite(v) {
				return 0, false
			}
		}
		v := a[i*n+i]
		lowest, largest = min(lowest, v), max(largest, math.Abs(v))
	}
	beta := max(float64(0x1p-10*largest), 0x1p-1074)
	if largest == 0 {
		beta = 1
	}
	if !(lowest > 0) {
		tau = beta - lowest
	}
	for !cholesky(l, a, n, tau) {
		if !num.Finite(tau) {
			return tau, false
		}
		tau = max(4*tau, beta)
	}
	return tau, true
}
