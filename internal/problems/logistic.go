package problems

import "github.com/bitstep-go/bitstep/kernels"

// logistic is a logistic regression with weight decay: x are the weights of four features and a bias, and the
// value is the mean over 60 examples of log(1 + exp(-t*z)), z the score and t the label of 1 or -1, plus
// 0.005*x'x. Features and labels come from remainders, so that any language can repeat them.
func logistic() Problem {
	const examples, n, decay = 60, 5, 0.01
	var a [examples][n]float64
	var labels [examples]float64
	for i := range examples {
		for j := range n - 1 {
			a[i][j] = float64((i*i*(3*j+7)+i*(11*j+5)+29*j)%101)/50 - 1
		}
		a[i][n-1] = 1
		labels[i] = -1
		if mul(2, a[i][0])-a[i][1]+float64((i*37)%19)/9-1 > 0 { // half rule, half noise
			labels[i] = 1
		}
	}
	score := func(i int, x []float64) float64 {
		z := 0.0
		for j, v := range x {
			z += mul(a[i][j], v)
		}
		return mul(labels[i], z)
	}
	p := Problem{Name: "Logistic regression", Start: make([]float64, n), Minima: []float64{0.3212598380664}}
	p.Value = func(x, grad []float64) float64 {
		clear(grad)
		sum := 0.0
		for i := range examples {
			z := score(i, x)
			e := kernels.Exp(-max(z, -z))
			sum += kernels.Log(1+e) + max(-z, 0)
			wrong := e / (1 + e) // the probability of the other label
			if z < 0 {
				wrong = 1 / (1 + e)
			}
			for j := range grad {
				grad[j] -= mul(mul(wrong, labels[i]), a[i][j])
			}
		}
		value, square := sum/examples, 0.0
		for j := range grad {
			grad[j] = grad[j]/examples + mul(decay, x[j])
		}
		for _, v := range x {
			square += sq(v)
		}
		return value + mul(decay/2, square)
	}
	p.Hessian = func(x, h []float64) {
		clear(h)
		m := matrix{n, h}
		for i := range examples {
			z := score(i, x)
			e := kernels.Exp(-max(z, -z))
			w := e / sq(1+e) / examples
			for j := range n {
				for k := range j + 1 {
					m.add(j, k, mul(w, mul(a[i][j], a[i][k])))
				}
			}
		}
		for j := range n {
			m.add(j, j, decay)
		}
	}
	return p
}
