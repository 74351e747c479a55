package gonumblas

import (
	"testing"

	"github.com/bitstep-go/bitstep"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/testblas"
)

// gonum's own tests of every routine. They are in double precision; single makes them tests of the other.
func TestBLAS(t *testing.T) {
	for _, b := range bitstep.Backends() {
		testBLAS(t, b.String(), On(b))
	}
	testBLAS(t, "fastest", Implementation{}.Fastest())
}

func testBLAS(t *testing.T, name string, impl Implementation) {
	t.Run(name+"/real", func(t *testing.T) { testReal(t, impl) })
	t.Run(name+"/single", func(t *testing.T) { testReal(t, single{impl}) })
	t.Run(name+"/complex", func(t *testing.T) { testComplex(t, impl) })
}

func testReal(t *testing.T, impl blas.Float64) {
	_, isSingle := impl.(single)
	t.Run("Drotg", func(t *testing.T) { testblas.DrotgTest(t, impl, isSingle) }) // true: without extremes of float64
	t.Run("Dgemm", func(t *testing.T) { testblas.TestDgemm(t, impl) })
	t.Run("Dasum", func(t *testing.T) { testblas.DasumTest(t, impl) })
	t.Run("Daxpy", func(t *testing.T) { testblas.DaxpyTest(t, impl) })
	t.Run("Ddot", func(t *testing.T) { testblas.DdotTest(t, impl) })
	t.Run("Dnrm2", func(t *testing.T) { testblas.Dnrm2Test(t, impl) })
	t.Run("Idamax", func(t *testing.T) { testblas.IdamaxTest(t, impl) })
	t.Run("Dswap", func(t *testing.T) { testblas.DswapTest(t, impl) })
	t.Run("Dcopy", func(t *testing.T) { testblas.DcopyTest(t, impl) })
	t.Run("Drotmg", func(t *testing.T) { testblas.DrotmgTest(t, impl) })
	t.Run("Drot", func(t *testing.T) { testblas.DrotTest(t, impl) })
	t.Run("Drotm", func(t *testing.T) { testblas.DrotmTest(t, impl) })
	t.Run("Dscal", func(t *testing.T) { testblas.DscalTest(t, impl) })
	t.Run("Dgemv", func(t *testing.T) { testblas.DgemvTest(t, impl) })
	t.Run("Dger", func(t *testing.T) { testblas.DgerTest(t, impl) })
	t.Run("Dtxmv", func(t *testing.T) { testblas.DtxmvTest(t, impl) })
	t.Run("Dgbmv", func(t *testing.T) { testblas.DgbmvTest(t, impl) })
	t.Run("Dtbsv", func(t *testing.T) { testblas.DtbsvTest(t, impl) })
	t.Run("Dsbmv", func(t *testing.T) { testblas.DsbmvTest(t, impl) })
	t.Run("Dtbmv", func(t *testing.T) { testblas.DtbmvTest(t, impl) })
	t.Run("Dtrsv", func(t *testing.T) { testblas.DtrsvTest(t, impl) })
	t.Run("Dtrmv", func(t *testing.T) { testblas.DtrmvTest(t, impl) })
	t.Run("Dsymv", func(t *testing.T) { testblas.DsymvTest(t, impl) })
	t.Run("Dsyr", func(t *testing.T) { testblas.DsyrTest(t, impl) })
	t.Run("Dsyr2", func(t *testing.T) { testblas.Dsyr2Test(t, impl) })
	t.Run("Dspr2", func(t *testing.T) { testblas.Dspr2Test(t, impl) })
	t.Run("Dspr", func(t *testing.T) { testblas.DsprTest(t, impl) })
	t.Run("Dspmv", func(t *testing.T) { testblas.DspmvTest(t, impl) })
	t.Run("Dtpsv", func(t *testing.T) { testblas.DtpsvTest(t, impl) })
	t.Run("Dtpmv", func(t *testing.T) { testblas.DtpmvTest(t, impl) })
	t.Run("Dsymm", func(t *testing.T) { testblas.DsymmTest(t, impl) })
	t.Run("Dtrsm", func(t *testing.T) { testblas.DtrsmTest(t, impl) })
	t.Run("Dsyrk", func(t *testing.T) { testblas.DsyrkTest(t, impl) })
	t.Run("Dsyr2k", func(t *testing.T) { testblas.Dsyr2kTest(t, impl) })
	t.Run("Dtrmm", func(t *testing.T) { testblas.DtrmmTest(t, impl) })
}

func testComplex(t *testing.T, impl Implementation) {
	t.Run("Dzasum", func(t *testing.T) { testblas.DzasumTest(t, impl) })
	t.Run("Dznrm2", func(t *testing.T) { testblas.Dznrm2Test(t, impl) })
	t.Run("Izamax", func(t *testing.T) { testblas.IzamaxTest(t, impl) })
	t.Run("Zaxpy", func(t *testing.T) { testblas.ZaxpyTest(t, impl) })
	t.Run("Zcopy", func(t *testing.T) { testblas.ZcopyTest(t, impl) })
	t.Run("Zdotc", func(t *testing.T) { testblas.ZdotcTest(t, impl) })
	t.Run("Zdotu", func(t *testing.T) { testblas.ZdotuTest(t, impl) })
	t.Run("Zdscal", func(t *testing.T) { testblas.ZdscalTest(t, impl) })
	t.Run("Zscal", func(t *testing.T) { testblas.ZscalTest(t, impl) })
	t.Run("Zswap", func(t *testing.T) { testblas.ZswapTest(t, impl) })
	t.Run("Zgbmv", func(t *testing.T) { testblas.ZgbmvTest(t, impl) })
	t.Run("Zgemv", func(t *testing.T) { testblas.ZgemvTest(t, impl) })
	t.Run("Zgerc", func(t *testing.T) { testblas.ZgercTest(t, impl) })
	t.Run("Zgeru", func(t *testing.T) { testblas.ZgeruTest(t, impl) })
	t.Run("Zhbmv", func(t *testing.T) { testblas.ZhbmvTest(t, impl) })
	t.Run("Zhemv", func(t *testing.T) { testblas.ZhemvTest(t, impl) })
	t.Run("Zher", func(t *testing.T) { testblas.ZherTest(t, impl) })
	t.Run("Zher2", func(t *testing.T) { testblas.Zher2Test(t, impl) })
	t.Run("Zhpmv", func(t *testing.T) { testblas.ZhpmvTest(t, impl) })
	t.Run("Zhpr", func(t *testing.T) { testblas.ZhprTest(t, impl) })
	t.Run("Zhpr2", func(t *testing.T) { testblas.Zhpr2Test(t, impl) })
	t.Run("Ztbmv", func(t *testing.T) { testblas.ZtbmvTest(t, impl) })
	t.Run("Ztbsv", func(t *testing.T) { testblas.ZtbsvTest(t, impl) })
	t.Run("Ztpmv", func(t *testing.T) { testblas.ZtpmvTest(t, impl) })
	t.Run("Ztpsv", func(t *testing.T) { testblas.ZtpsvTest(t, impl) })
	t.Run("Ztrmv", func(t *testing.T) { testblas.ZtrmvTest(t, impl) })
	t.Run("Ztrsv", func(t *testing.T) { testblas.ZtrsvTest(t, impl) })
	t.Run("Zgemm", func(t *testing.T) { testblas.ZgemmTest(t, impl) })
	t.Run("Zhemm", func(t *testing.T) { testblas.ZhemmTest(t, impl) })
	t.Run("Zherk", func(t *testing.T) { testblas.ZherkTest(t, impl) })
	t.Run("Zher2k", func(t *testing.T) { testblas.Zher2kTest(t, impl) })
	t.Run("Zsymm", func(t *testing.T) { testblas.ZsymmTest(t, impl) })
	t.Run("Zsyrk", func(t *testing.T) { testblas.ZsyrkTest(t, impl) })
	t.Run("Zsyr2k", func(t *testing.T) { testblas.Zsyr2kTest(t, impl) })
	t.Run("Ztrmm", func(t *testing.T) { testblas.ZtrmmTest(t, impl) })
	t.Run("Ztrsm", func(t *testing.T) { testblas.ZtrsmTest(t, impl) })
}
