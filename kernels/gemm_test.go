package kernels

import "testing"

func benchGemm[T Float](b *testing.B, transB bool) {
	const m, n, k = 10, 256, 3073
	x, w, s := make([]T, n*k), make([]T, m*k), make([]T, m*n)
	for i := range x {
		x[i] = T(i%509)/509 - 0.5
	}
	for i := range w {
		w[i] = T(i%127)/127 - 0.5
	}
	ldb := n
	if transB {
		ldb = k
	}
	for b.Loop() {
		Gemm(false, transB, m, n, k, 1, w, k, x, ldb, 0, s, n)
	}
	b.ReportMetric(2*m*n*k*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// The scores of 256 examples by definition: 10 x 3073 weights, an example per column or per row.
func BenchmarkGemm(b *testing.B) {
	b.Run("form=columns/type=float32", func(b *testing.B) { benchGemm[float32](b, false) })
	b.Run("form=rows/type=float32", func(b *testing.B) { benchGemm[float32](b, true) })
	b.Run("form=columns/type=float64", func(b *testing.B) { benchGemm[float64](b, false) })
	b.Run("form=rows/type=float64", func(b *testing.B) { benchGemm[float64](b, true) })
}
