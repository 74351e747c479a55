package gonumblas

import (
	"flag"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bitstep-go/bitstep"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

var sizes = []int{1, 2, 4, 8, 16, 32, 64, 100, 200, 500, 1000, 2000}

// A speed is a call of a routine with vectors of n elements and matrices of n x n.
type speed[T bitstep.Float] struct {
	name string
	call func(r *routines[T], o *operands[T], s int)
}

type operands[T bitstep.Float] struct {
	a, b, c, x, y []T
	result        T
}

func newOperands[T bitstep.Float](n int) *operands[T] {
	fill := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			x[i] = T(i%7) - 2.5
		}
		return x
	}
	o := &operands[T]{a: fill(n * n), b: fill(n * n), c: fill(n * n), x: fill(3 * n), y: fill(3 * n)}
	for i := range n {
		for j := range n { // which keeps what is multiplied or solved again and again in range
			o.a[i*n+j] = T(1+j%5) * 1e-9
		}
		o.a[i*n+i] = 1
	}
	return o
}

func speeds[T bitstep.Float]() []speed[T] {
	type R = routines[T]
	type O = operands[T]
	const n, t, tiny = blas.NoTrans, blas.Trans, 1e-9
	return []speed[T]{
		{"axpy", func(r *R, o *O, s int) { r.axpy(s, tiny, o.x, 1, o.y, 1) }},
		{"axpy inc", func(r *R, o *O, s int) { r.axpy(s, tiny, o.x, 3, o.y, 2) }},
		{"scal", func(r *R, o *O, s int) { r.scal(s, -1, o.x, 1) }},
		{"dot", func(r *R, o *O, s int) { o.result = r.dot(s, o.x, 1, o.y, 1) }},
		{"dot inc", func(r *R, o *O, s int) { o.result = r.dot(s, o.x, 3, o.y, 1) }},
		{"asum", func(r *R, o *O, s int) { o.result = r.asum(s, o.x, 1) }},
		{"asum inc", func(r *R, o *O, s int) { o.result = r.asum(s, o.x, 3) }},
		{"nrm2", func(r *R, o *O, s int) { o.result = r.nrm2(s, o.x, 1) }},
		{"nrm2 inc", func(r *R, o *O, s int) { o.result = r.nrm2(s, o.x, 3) }},
		{"iamax", func(r *R, o *O, s int) { r.iamax(s, o.x, 1) }},
		{"ger", func(r *R, o *O, s int) { r.ger(s, s, tiny, o.x, 1, o.y, 1, o.c, s) }},
		{"ger inc", func(r *R, o *O, s int) { r.ger(s, s, tiny, o.x, 3, o.y, 2, o.c, s) }},
		{"gemv N", func(r *R, o *O, s int) { r.gemv(n, s, s, 1, o.b, s, o.x, 1, 0, o.y, 1) }},
		{"gemv T", func(r *R, o *O, s int) { r.gemv(t, s, s, 1, o.b, s, o.x, 1, 0, o.y, 1) }},
		{"gemv N inc", func(r *R, o *O, s int) { r.gemv(n, s, s, 1, o.b, s, o.x, 3, 0, o.y, 2) }},
		{"gemv T inc", func(r *R, o *O, s int) { r.gemv(t, s, s, 1, o.b, s, o.x, 3, 0, o.y, 2) }},
		{"gemm NN", func(r *R, o *O, s int) { r.gemm(n, n, s, s, s, 1, o.b, s, o.b, s, 0, o.c, s) }},
		{"gemm NT", func(r *R, o *O, s int) { r.gemm(n, t, s, s, s, 1, o.b, s, o.b, s, 0, o.c, s) }},
		{"gemm TN", func(r *R, o *O, s int) { r.gemm(t, n, s, s, s, 1, o.b, s, o.b, s, 0, o.c, s) }},
		{"gemm TT", func(r *R, o *O, s int) { r.gemm(t, t, s, s, s, 1, o.b, s, o.b, s, 0, o.c, s) }},
		{"syrk UN", func(r *R, o *O, s int) { r.syrk('U', n, s, s, 1, o.b, s, 0, o.c, s) }},
		{"syrk LT", func(r *R, o *O, s int) { r.syrk('L', t, s, s, 1, o.b, s, 0, o.c, s) }},
		{"symm LU", func(r *R, o *O, s int) { r.symm('L', 'U', s, s, 1, o.b, s, o.b, s, 0, o.c, s) }},
		{"symm RL", func(r *R, o *O, s int) { r.symm('R', 'L', s, s, 1, o.b, s, o.b, s, 0, o.c, s) }},
		{"trmm LUN", func(r *R, o *O, s int) { r.trmm('L', 'U', n, 'N', s, s, 1, o.a, s, o.c, s) }},
		{"trmm RLT", func(r *R, o *O, s int) { r.trmm('R', 'L', t, 'N', s, s, 1, o.a, s, o.c, s) }},
		{"trsm LLN", func(r *R, o *O, s int) { r.trsm('L', 'L', n, 'N', s, s, 1, o.a, s, o.c, s) }},
		{"trsm LUT", func(r *R, o *O, s int) { r.trsm('L', 'U', t, 'N', s, s, 1, o.a, s, o.c, s) }},
		{"trsm RUN", func(r *R, o *O, s int) { r.trsm('R', 'U', n, 'N', s, s, 1, o.a, s, o.c, s) }},
		{"trsm RLT", func(r *R, o *O, s int) { r.trsm('R', 'L', t, 'N', s, s, 1, o.a, s, o.c, s) }},
	}
}

func BenchmarkBLAS(b *testing.B) {
	ours32, ours64 := routinesOf(Implementation{})
	host32, host64 := routinesOfGonum()
	benchmark(b, "single", &ours32, &host32)
	benchmark(b, "double", &ours64, &host64)
}

func benchmark[T bitstep.Float](b *testing.B, precision string, ours, host *routines[T]) {
	for _, s := range speeds[T]() {
		for _, n := range sizes {
			for name, r := range map[string]*routines[T]{"bitstep": ours, "gonum": host} {
				b.Run(fmt.Sprintf("%s/%s/%d/%s", precision, s.name, n, name), func(b *testing.B) {
					o := newOperands[T](n)
					for b.Loop() {
						s.call(r, o, n)
					}
				})
			}
		}
	}
}

func routinesOfGonum() (routines[float32], routines[float64]) {
	i := gonum.Implementation{}
	return routines[float32]{i.Sgemm, i.Sgemv, i.Sger, i.Ssyrk, i.Ssymm, i.Strmm, i.Strsm, i.Saxpy, i.Sscal, i.Sdot,
			i.Sasum, i.Snrm2, i.Isamax},
		routines[float64]{i.Dgemm, i.Dgemv, i.Dger, i.Dsyrk, i.Dsymm, i.Dtrmm, i.Dtrsm, i.Daxpy, i.Dscal, i.Ddot,
			i.Dasum, i.Dnrm2, i.Idamax}
}

var (
	table   = flag.String("table", "", "print README.md's table of speeds, of routines that match")
	fastest = flag.Bool("fastest", false, "print it of Fastest")
)

func tabled() Implementation {
	if *fastest {
		return Implementation{}.Fastest()
	}
	return Implementation{}
}

// TestTable prints how many times faster than gonum's each routine is, by the fastest of several samples in turns.
func TestTable(t *testing.T) {
	if *table == "" {
		t.Skip("without -table")
	}
	ours32, ours64 := routinesOf(tabled())
	host32, host64 := routinesOfGonum()
	head := "| |"
	for _, n := range sizes {
		head += fmt.Sprint(" ", n, " |")
	}
	fmt.Println(head + "\n|---" + strings.Repeat("|--:", len(sizes)) + "|")
	match := regexp.MustCompile(*table)
	printTable(match, "s", &ours32, &host32)
	printTable(match, "d", &ours64, &host64)
}

func printTable[T bitstep.Float](match *regexp.Regexp, prefix string, ours, host *routines[T]) {
	for _, s := range speeds[T]() {
		if !match.MatchString(prefix + s.name) {
			continue
		}
		fmt.Print("| ", prefix, s.name, " |")
		for _, n := range sizes {
			o, p := newOperands[T](n), newOperands[T](n)
			fmt.Printf(" %s |", ratio(func() { s.call(ours, o, n) }, func() { s.call(host, p, n) }))
		}
		fmt.Println()
	}
}

// ratio returns how many times faster ours is. A size at which the host takes long is measured once.
func ratio(ours, host func()) string {
	const sample, samples, long = 100 * time.Microsecond, 15, 50 * time.Millisecond
	ours()
	once := took(1, host)
	count, rounds := max(1, int(sample/max(1, once))), samples
	if once > long {
		rounds = 1
	}
	var a, b []time.Duration
	for range rounds {
		a, b = append(a, took(count, ours)), append(b, took(count, host))
	}
	r := float64(slices.Min(b)) / float64(slices.Min(a))
	return fmt.Sprintf("%.*f", max(0, 1-int(math.Log10(r))), r)
}

func took(count int, f func()) time.Duration {
	start := time.Now()
	for range count {
		f()
	}
	return time.Since(start)
}
