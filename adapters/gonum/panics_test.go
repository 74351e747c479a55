package gonumblas

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// A wrong argument, and any two, panic as gonum's own routine does, and nothing is written. Where that does not panic,
// neither does ours.
func TestPanics(t *testing.T) {
	testPanics(t, Implementation{})
	testPanics(t, Implementation{}.Fastest())
}

func testPanics(t *testing.T, impl Implementation) {
	ours, host := reflect.ValueOf(impl), reflect.ValueOf(gonum.Implementation{})
	for _, name := range []string{"gemm", "gemv", "ger", "syrk", "symm", "trmm", "trsm", "axpy", "scal", "dot", "asum",
		"nrm2", "amax"} {
		for _, precision := range []string{"S", "D"} {
			method := precision + name
			if name == "amax" {
				method = "I" + strings.ToLower(precision) + name
			}
			panics := 0
			eachPair(host.MethodByName(method).Type(), func(args func() []reflect.Value) {
				want, before := outcome(host.MethodByName(method), args())
				got, after := outcome(ours.MethodByName(method), args())
				if got != want {
					t.Fatalf("%s%v: panics with %q, gonum's with %q", method, args(), got, want)
				}
				if want == "" {
					return
				}
				panics++
				untouched := fmt.Sprint(args())
				if !strings.HasPrefix(want, "runtime error") && (before != untouched || after != untouched) {
					t.Fatalf("%s%v writes before it panics", method, args())
				}
			})
			if panics < 5 {
				t.Errorf("%s: only %d of the wrong calls panic", method, panics)
			}
		}
	}
}

// outcome calls f, and returns what it panics with and what the arguments are thereafter.
func outcome(f reflect.Value, args []reflect.Value) (panics, after string) {
	defer func() {
		if r := recover(); r != nil {
			panics = fmt.Sprint(r)
		}
		after = fmt.Sprint(args)
	}()
	f.Call(args)
	return "", ""
}

// eachPair calls f with right arguments, of which one or two are exchanged for others, most of them wrong.
func eachPair(method reflect.Type, f func(args func() []reflect.Value)) {
	kinds := make([]int, method.NumIn())
	for i := range kinds {
		kinds[i] = len(choices(method.In(i)))
	}
	for i := range kinds {
		for vi := range kinds[i] {
			for j := range i + 1 {
				for vj := range kinds[j] {
					f(func() []reflect.Value {
						args := make([]reflect.Value, method.NumIn())
						for k := range args {
							args[k] = choices(method.In(k))[0]
						}
						args[j], args[i] = choices(method.In(j))[vj], choices(method.In(i))[vi]
						return args
					})
				}
			}
		}
	}
}

// choices are the values for an argument, the first of them right with the others' first: matrices are 3 x 3, with a
// leading dimension and increments of 3.
func choices(t reflect.Type) (values []reflect.Value) {
	add := func(all ...any) {
		for _, v := range all {
			values = append(values, reflect.ValueOf(v).Convert(t))
		}
	}
	switch t {
	case reflect.TypeFor[blas.Transpose]():
		add(blas.NoTrans, blas.Trans, blas.ConjTrans, 'x', 0)
	case reflect.TypeFor[blas.Uplo]():
		add(blas.Upper, blas.Lower, blas.All, 0)
	case reflect.TypeFor[blas.Side]():
		add(blas.Left, blas.Right, 'x')
	case reflect.TypeFor[blas.Diag]():
		add(blas.NonUnit, blas.Unit, 'x')
	case reflect.TypeFor[int]():
		add(3, 1, 0, -1, -3, 2, 4, 1<<14, -1<<14) // gonum's code faults where their product overflows
	case reflect.TypeFor[float32](), reflect.TypeFor[float64]():
		add(2, 0, 1)
	case reflect.TypeFor[[]float32](), reflect.TypeFor[[]float64]():
		for _, n := range []int{9, 0, 1, 6, 8} {
			s := reflect.MakeSlice(t, n, n)
			for i := range n {
				s.Index(i).SetFloat(float64(i + 1))
			}
			values = append(values, s)
		}
	}
	return values
}
