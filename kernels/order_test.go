package kernels

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/bitstep-go/bitstep/internal/fmacases"
)

// The orders of rules 7 and 8, written from the contract one element at a time: no tiles, no packing, and
// for float32 an fma by big.Float.

func plainFMA[T Float](x, y, z T) T {
	if x, ok := any(x).(float32); ok {
		return T(fmacases.Exact(x, float32(y), float32(z)))
	}
	return T(math.FMA(float64(x), float64(y), float64(z)))
}

// plainStriped is rule 7: term(i, lane) continues a lane with element i.
func plainStriped[T Float](n int, term func(i int, lane T) T) T {
	lanes := make([]T, 64/len(bytesOf(T(0))))
	for i := range n {
		lanes[i%len(lanes)] = term(i, lanes[i%len(lanes)])
	}
	for len(lanes) > 1 {
		low, high := lanes[:len(lanes)/2], lanes[len(lanes)/2:]
		for l := range low {
			low[l] += high[l]
		}
		lanes = low
	}
	return lanes[0]
}

func bytesOf[T Float](v T) []byte {
	if _, ok := any(v).(float32); ok {
		return make([]byte, 4)
	}
	return make([]byte, 8)
}

// plainChains is rule 8.
func plainChains[T Float](k int, x, y func(k int) T) (sum T) {
	for start := 0; start < k; start += 256 {
		var chain T
		for i := start; i < min(k, start+256); i++ {
			chain = plainFMA(x(i), y(i), chain)
		}
		if start == 0 {
			sum = chain
		} else {
			sum += chain
		}
	}
	return sum
}

func ordinary[T Float](r *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(2*r.Float64() - 1)
	}
	return x
}

func sameBits[T Float](a, b T) bool {
	return a != a && b != b || a == b && math.Signbit(float64(a)) == math.Signbit(float64(b))
}

func TestReductionOrder(t *testing.T) {
	t.Run("type=float32", testReductionOrder[float32])
	t.Run("type=float64", testReductionOrder[float64])
}

func testReductionOrder[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	// Elements after the chunk's sums: chunks are added in ascending order, the first one stored.
	chunked := func(n int, term func(i int, lane T) T) (sum T) {
		for start := 0; start < n || start == 0; start += 65536 {
			part := plainStriped(min(65536, n-start), func(i int, lane T) T { return term(start+i, lane) })
			if start == 0 {
				sum = part
			} else {
				sum += part
			}
		}
		return sum
	}
	for _, n := range []int{0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 100, 255, 256, 257, 1000, 65535, 65536, 65537, 140001} {
		x, y := ordinary[T](r, n), ordinary[T](r, n)
		abs := func(v T) T { return T(math.Abs(float64(v))) }
		for _, c := range []struct {
			name      string
			got, want T
		}{
			{"Dot", Dot(x, y), chunked(n, func(i int, lane T) T { return plainFMA(x[i], y[i], lane) })},
			{"SumSquares", SumSquares(x), chunked(n, func(i int, lane T) T { return plainFMA(x[i], x[i], lane) })},
			{"Sum", Sum(x), chunked(n, func(i int, lane T) T { return lane + x[i] })},
			{"SumAbs", SumAbs(x), chunked(n, func(i int, lane T) T { return lane + abs(x[i]) })},
		} {
			if !sameBits(c.got, c.want) {
				t.Errorf("%s of %d elements = %x, want %x", c.name, n, c.got, c.want)
			}
		}
	}
}

func TestGemmOrder(t *testing.T) {
	t.Run("type=float32", testGemmOrder[float32])
	t.Run("type=float64", testGemmOrder[float64])
}

func testGemmOrder[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(7, 2))
	shapes := [][3]int{{1, 1, 600}, {1, 5, 300}, {5, 1, 300}, {17, 18, 3}, {33, 5, 17}, {16, 16, 256}, {3, 35, 257},
		{2, 3, 513}, {10, 9, 0}, {4, 4, 1}, {7, 17, 255},
		{5, 6, 127}, {6, 5, 128}, {1, 4, 128}, {4, 1, 129}}
	scalars := [][2]T{{1, 0}, {-0.7, 1}, {1.3, -0.4}, {0, 0}, {0, 2}}
	for _, s := range shapes {
		m, n, k := s[0], s[1], s[2]
		for form := range 4 {
			for _, ab := range scalars {
				transA, transB := form&1 != 0, form&2 != 0
				opA, opB := matrixOf[T](r, m, k, transA), matrixOf[T](r, k, n, transB)
				c := matrixOf[T](r, m, n, false)
				if ab[1] == 0 {
					c.data[0] = T(math.NaN()) // must not be read
				}
				got := append([]T(nil), c.data...)
				Gemm(transA, transB, m, n, k, ab[0], opA.data, opA.ld, opB.data, opB.ld, ab[1], got, c.ld)
				want := c.data
				for i := range m {
					for j := range n {
						x, y := func(k int) T { return opA.at(i, k) }, func(k int) T { return opB.at(k, j) }
						var result T
						if ab[0] != 0 {
							var sum T
							if !transA && transB && k >= 128 {
								sum = plainStriped(k, func(k int, lane T) T { return plainFMA(x(k), y(k), lane) })
							} else {
								sum = plainChains(k, x, y)
							}
							result = T(ab[0] * sum)
						}
						if ab[1] != 0 {
							if old := T(ab[1] * want[i*c.ld+j]); ab[0] == 0 {
								result = old
							} else {
								result += old
							}
						}
						want[i*c.ld+j] = result
					}
				}
				for i := range want {
					if !sameBits(got[i], want[i]) {
						t.Fatalf("%dx%dx%d, transposed %v %v, alpha %v beta %v: C[%d][%d] = %x, want %x",
							m, n, k, transA, transB, ab[0], ab[1], i/c.ld, i%c.ld, got[i], want[i])
					}
				}
			}
		}
	}
}

// A stored matrix, whose element (i, j) may lie at (j, i), with a leading dimension larger than its rows.
type stored[T Float] struct {
	data  []T
	ld    int
	trans bool
}

func matrixOf[T Float](r *rand.Rand, rows, cols int, trans bool) stored[T] {
	if trans {
		rows, cols = cols, rows
	}
	ld := cols + r.IntN(4)
	return stored[T]{ordinary[T](r, max(0, rows*ld)), max(ld, 1), trans}
}

func (s stored[T]) at(i, j int) T {
	if s.trans {
		i, j = j, i
	}
	return s.data[i*s.ld+j]
}

func TestGemvOrder(t *testing.T) {
	t.Run("type=float32", testGemvOrder[float32])
	t.Run("type=float64", testGemvOrder[float64])
}

func testGemvOrder[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(7, 3))
	for _, s := range [][2]int{{1, 1}, {1, 400}, {400, 1}, {5, 37}, {37, 5}, {0, 3}, {3, 0}, {16, 300}, {300, 17},
		{3, 127}, {127, 3}, {3, 128}, {128, 3}, {19, 129}} {
		for _, trans := range []bool{false, true} {
			for _, ab := range [][2]T{{1, 0}, {0.6, -2}, {0, 3}, {0, 0}} {
				m, n := s[0], s[1]
				a := matrixOf[T](r, m, n, false)
				rows, k := m, n
				if trans {
					rows, k = n, m
				}
				x, y := ordinary[T](r, k), ordinary[T](r, rows)
				got := append([]T(nil), y...)
				Gemv(trans, m, n, ab[0], a.data, a.ld, x, ab[1], got)
				for i := range rows {
					var sum T
					switch {
					case trans:
						sum = plainChains(k, func(k int) T { return a.at(k, i) }, func(k int) T { return x[k] })
					case k < 128:
						sum = plainChains(k, func(k int) T { return a.at(i, k) }, func(k int) T { return x[k] })
					default:
						sum = plainStriped(k, func(k int, lane T) T { return plainFMA(a.at(i, k), x[k], lane) })
					}
					var want T
					switch {
					case ab[0] == 0 && ab[1] == 0:
					case ab[0] == 0:
						want = T(ab[1] * y[i])
					case ab[1] == 0:
						want = T(ab[0] * sum)
					default:
						want = T(ab[0]*sum) + T(ab[1]*y[i])
					}
					if !sameBits(got[i], want) {
						t.Fatalf("%dx%d transposed %v, alpha and beta %v: y[%d] = %x, want %x",
							m, n, trans, ab, i, got[i], want)
					}
				}
			}
		}
	}
}
