package problems

// A Problem is a function to minimize.
type Problem struct {
	Name  string
	Start []float64
	// Value returns the value at x and stores the gradient in grad, unless that is nil.
	Value func(x, grad []float64) float64
	// Hessian stores the second derivatives, row by row. Nil: not written down.
	Hessian func(x, h []float64)
	// Minima are the values at the known local minima, the lowest first.
	Minima []float64
}

// Named returns the problem of that name. It panics if there is none.
func Named(name string) Problem {
	for _, p := range All() {
		if p.Name == name {
			return p
		}
	}
	panic("problems: no problem is named " + name)
}

// Single returns p.Value for float32 parameters: computed in float64, the gradient rounded. The function
// owns its scratch: one goroutine at a time.
func (p Problem) Single() func(x, grad []float32) float64 {
	wide, wideGrad := make([]float64, len(p.Start)), make([]float64, len(p.Start))
	return func(x, grad []float32) float64 {
		for i, v := range x {
			wide[i] = float64(v)
		}
		if grad == nil {
			return p.Value(wide, nil)
		}
		f := p.Value(wide, wideGrad)
		for i, v := range wideGrad {
			grad[i] = float32(v)
		}
		return f
	}
}

// SingleHessian is Single for p.Hessian.
func (p Problem) SingleHessian() func(x, h []float32) {
	n := len(p.Start)
	wide, wideH := make([]float64, n), make([]float64, n*n)
	return func(x, h []float32) {
		for i, v := range x {
			wide[i] = float64(v)
		}
		p.Hessian(wide, wideH)
		for i, v := range wideH {
			h[i] = float32(v)
		}
	}
}

// A residual returns residual i, counted from 0, of a sum of squares and adds its derivatives to d, which is 0
// before.
type residual func(i int, x, d []float64) float64

// A bend adds r times the second derivatives of residual i to h.
type bend func(i int, x []float64, r float64, h matrix)

// A matrix is square and row-major.
type matrix struct {
	n int
	a []float64
}

// add adds v to element i, j and to its mirror image. Where add is inlined, v may be a product: the conversion
// rounds it.
func (h matrix) add(i, j int, v float64) {
	v = float64(v)
	h.a[i*h.n+j] += v
	if i != j {
		h.a[j*h.n+i] += v
	}
}

// squares is the problem of minimizing the sum of the squares of count residuals. Its Hessian is
// 2 * sum(d*d' + r*second derivatives), or nil without a bend.
func squares(name string, start []float64, count int, f residual, b bend, minima ...float64) Problem {
	n := len(start)
	d := make([]float64, n)
	p := Problem{Name: name, Start: start, Minima: minima}
	p.Value = func(x, grad []float64) float64 {
		sum := 0.0
		clear(grad)
		for i := range count {
			clear(d)
			r := f(i, x, d)
			sum += mul(r, r)
			for j := range grad {
				grad[j] += mul(2*r, d[j])
			}
		}
		return sum
	}
	if b == nil {
		return p
	}
	p.Hessian = func(x, h []float64) {
		clear(h)
		m := matrix{n, h}
		for i := range count {
			clear(d)
			r := f(i, x, d)
			for j := range n {
				for k := range j + 1 {
					m.add(j, k, mul(2*d[j], d[k]))
				}
			}
			b(i, x, 2*r, m)
		}
	}
	return p
}

// mul is a product that is never fused with an addition.
func mul(a, b float64) float64 { return float64(a * b) }

func sq(a float64) float64 { return float64(a * a) }
