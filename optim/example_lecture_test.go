package optim_test

import (
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim"
)

// The points of the lecture on optimization, in numbers. Where products are summed they are written
// float64(a*b), which keeps compilers from fusing them, so that the digits are the same on every machine.

// A ravine: (x*x + 100*y*y)/2 has condition number 100. A rate that is right for x is nearly too large for
// y. Gradient descent jumps from one wall to the other (the sign of y changes with every step) while x
// creeps along the floor; momentum adds up along the floor and cancels across it.
func Example_ravine() {
	a, b := []float64{10, 1}, []float64{10, 1}
	sgd, err := optim.New(optim.SGD{LR: 0.019}, a)
	if err != nil {
		log.Fatal(err)
	}
	momentum, err := optim.New(optim.Momentum{LR: 0.019, Rho: 0.8}, b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("step     gradient descent          momentum")
	fmt.Println("            x        y         x        y")
	for sgd.Steps() < 100 {
		sgd.Step([]float64{a[0], 100 * a[1]})
		momentum.Step([]float64{b[0], 100 * b[1]})
		if t := sgd.Steps(); t <= 6 || t%25 == 0 {
			fmt.Printf("%4d %8.4f %8.4f  %8.4f %8.4f\n", t, a[0], a[1], b[0], b[1])
		}
	}
	// Output:
	// step     gradient descent          momentum
	//             x        y         x        y
	//    1   9.8100  -0.9000    9.8100  -0.9000
	//    2   9.6236   0.8100    9.4716  -0.7100
	//    3   9.4408  -0.7290    9.0209   0.7910
	//    4   9.2614   0.6561    8.4890   0.4889
	//    5   9.0854  -0.5905    7.9022  -0.6817
	//    6   8.9128   0.5314    7.2825  -0.3230
	//   25   6.1905  -0.0718    0.0466  -0.0706
	//   50   3.8322   0.0052   -0.0418   0.0048
	//   75   2.3723  -0.0004    0.0034  -0.0003
	//  100   1.4686   0.0000   -0.0001   0.0000
}

// A saddle: at 0 the gradient of x*x - y*y is 0 although there is no minimum. Gradient descent along the
// ridge, y = 0, goes to 0 and stays there. Beside the ridge it slides off, but slowly, because the gradient
// is small where the surface is flat. Momentum gathers speed, and to RMSProp a small gradient is as good as
// a large one: it is off at once.
func Example_saddlePoint() {
	const lr = 0.05
	configs := []optim.Config{optim.SGD{LR: lr}, optim.SGD{LR: lr}, optim.Momentum{LR: lr}, optim.RMSProp{LR: lr}}
	x := [][]float64{{1, 0}, {1, 1e-6}, {1, 1e-6}, {1, 1e-6}}
	opt := make([]*optim.Optimizer[float64], len(configs))
	for i, c := range configs {
		var err error
		if opt[i], err = optim.New(c, x[i]); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("step  SGD on the ridge     SGD beside it          momentum           RMSProp")
	fmt.Println("           x         y       x         y       x         y       x         y")
	for t := 1; t <= 128; t++ {
		for i, o := range opt {
			o.Step([]float64{2 * x[i][0], -2 * x[i][1]})
		}
		if t&(t-1) == 0 {
			fmt.Printf("%4d", t)
			for _, p := range x {
				fmt.Printf(" %7.4f %9.2e", p[0], p[1])
			}
			fmt.Println()
		}
	}
	// Output:
	// step  SGD on the ridge     SGD beside it          momentum           RMSProp
	//            x         y       x         y       x         y       x         y
	//    1  0.9000  0.00e+00  0.9000  1.10e-06  0.9000  1.10e-06  0.5000  3.33e-01
	//    2  0.8100  0.00e+00  0.8100  1.21e-06  0.7200  1.30e-06  0.2755  8.33e-01
	//    4  0.6561  0.00e+00  0.6561  1.46e-06  0.2268  2.05e-06  0.0873  1.71e+00
	//    8  0.4305  0.00e+00  0.4305  2.14e-06 -0.5532  5.94e-06  0.0086  3.01e+00
	//   16  0.1853  0.00e+00  0.1853  4.59e-06  0.1816  5.34e-05  0.0001  4.83e+00
	//   32  0.0343  0.00e+00  0.0343  2.11e-05 -0.1193  4.33e-03  0.0000  7.39e+00
	//   64  0.0012  0.00e+00  0.0012  4.46e-04 -0.0059  2.85e+01  0.0000  1.11e+01
	//  128  0.0000  0.00e+00  0.0000  1.99e-01 -0.0011  1.24e+09  0.0000  1.67e+01
}

// A local minimum: 3x^4 - 4x^3 - 12x^2 is -5 at x = -1 and -32 at x = 2, with a hill between them at 0. From
// -2 gradient descent ends in the first; momentum rolls over the hill to the second.
func Example_localMinimum() {
	a, b := []float64{-2}, []float64{-2}
	sgd, err := optim.New(optim.SGD{LR: 0.005}, a)
	if err != nil {
		log.Fatal(err)
	}
	momentum, err := optim.New(optim.Momentum{LR: 0.005}, b)
	if err != nil {
		log.Fatal(err)
	}
	slope := func(x float64) float64 { return 12 * x * (x + 1) * (x - 2) }
	fmt.Println("step  gradient descent  momentum")
	for sgd.Steps() < 120 {
		sgd.Step([]float64{slope(a[0])})
		momentum.Step([]float64{slope(b[0])})
		switch sgd.Steps() {
		case 1, 2, 4, 8, 16, 30, 60, 120:
			fmt.Printf("%4d  %16.4f  %8.4f\n", sgd.Steps(), a[0], b[0])
		}
	}
	// Output:
	// step  gradient descent  momentum
	//    1           -1.5200   -1.5200
	//    2           -1.3531   -0.9211
	//    4           -1.1938    0.0446
	//    8           -1.0738    1.9183
	//   16           -1.0137    1.2211
	//   30           -1.0008    2.0882
	//   60           -1.0000    2.0112
	//  120           -1.0000    1.9998
}

// Noisy gradients: those of minibatches are the true one (here x) plus noise (here of variance 3). With a
// constant rate gradient descent comes near the minimum at 0 and then wanders about, at a distance of
// sqrt(3*lr/(2-lr)): 0.58 and 0.12. A small rate wanders less but takes longer to come; averaging the
// weights of the large rate quiets it at little cost.
func Example_noisyGradients() {
	const n = 1000 // independent runs, of which the root mean square is shown
	large, small := make([]float64, n), make([]float64, n)
	for i := range n {
		large[i], small[i] = 10, 10
	}
	fast, err := optim.New(optim.SGD{LR: 0.2}, large)
	if err != nil {
		log.Fatal(err)
	}
	slow, err := optim.New(optim.SGD{LR: 0.01}, small)
	if err != nil {
		log.Fatal(err)
	}
	average, err := optim.NewEMA(optim.EMAConfig{Decay: 0.95}, large)
	if err != nil {
		log.Fatal(err)
	}
	rms := func(x []float64) float64 { return math.Sqrt(kernels.SumSquares(x) / n) }
	r := rand.New(rand.NewPCG(1, 2))
	g, h := make([]float64, n), make([]float64, n)
	fmt.Println("step  lr = 0.2  lr = 0.01  average at lr = 0.2")
	for fast.Steps() < 800 {
		for i := range n {
			noise := float64(6*r.Float64()) - 3
			g[i], h[i] = large[i]+noise, small[i]+noise
		}
		fast.Step(g)
		slow.Step(h)
		average.Update()
		switch fast.Steps() {
		case 1, 10, 25, 50, 100, 200, 400, 800:
			fmt.Printf("%4d  %8.4f  %9.4f  %19.4f\n", fast.Steps(), rms(large), rms(small), rms(average.Averages()[0]))
		}
	}
	// Output:
	// step  lr = 0.2  lr = 0.01  average at lr = 0.2
	//    1    8.0088     9.9001               9.9001
	//   10    1.2128     9.0438               7.2996
	//   25    0.5804     7.7778               3.5081
	//   50    0.5558     6.0501               1.0012
	//  100    0.5759     3.6577               0.2623
	//  200    0.5599     1.3400               0.2500
	//  400    0.5728     0.2112               0.2549
	//  800    0.5822     0.1267               0.2528
}

// AdaGrad's steps decay to zero: its sum of squares only grows, so under a constant gradient of 1 step t is
// lr/sqrt(t). RMSProp's decaying mean forgets, and its steps become lr. (Its first ones are larger, because
// the mean starts from 0; Adam corrects that.)
func ExampleAdaGrad() {
	const lr = 0.1
	a, b, c := []float64{0}, []float64{0}, []float64{0}
	adagrad, err := optim.New(optim.AdaGrad{LR: lr}, a)
	if err != nil {
		log.Fatal(err)
	}
	rmsprop, err := optim.New(optim.RMSProp{LR: lr}, b)
	if err != nil {
		log.Fatal(err)
	}
	adam, err := optim.New(optim.Adam{LR: lr}, c)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("length of step  AdaGrad  RMSProp    Adam")
	for adagrad.Steps() < 10000 {
		a[0], b[0], c[0] = 0, 0, 0
		adagrad.Step([]float64{1})
		rmsprop.Step([]float64{1})
		adam.Step([]float64{1})
		switch t := adagrad.Steps(); t {
		case 1, 4, 25, 100, 400, 2500, 10000:
			fmt.Printf("%14d  %7.4f  %7.4f  %6.4f\n", t, -a[0], -b[0], -c[0])
		}
	}
	// Output:
	// length of step  AdaGrad  RMSProp    Adam
	//              1   0.1000   1.0000  0.1000
	//              4   0.0500   0.5038  0.1000
	//             25   0.0200   0.2122  0.1000
	//            100   0.0100   0.1256  0.1000
	//            400   0.0050   0.1009  0.1000
	//           2500   0.0020   0.1000  0.1000
	//          10000   0.0010   0.1000  0.1000
}

// Learning rates: the loss x*x/2 from x = 1. With a low rate it hardly falls, with good ones it falls fast; a
// high one jumps over the minimum and back and gains little; beyond 2, which is 2 divided by the curvature,
// the loss grows.
func Example_learningRates() {
	rates := []float64{0.001, 0.1, 0.5, 1.95, 2.05}
	x := make([][]float64, len(rates))
	opt := make([]*optim.Optimizer[float64], len(rates))
	fmt.Print("step")
	for i, lr := range rates {
		x[i] = []float64{1}
		var err error
		if opt[i], err = optim.New(optim.SGD{LR: lr}, x[i]); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("  lr = %5v", lr)
	}
	fmt.Println()
	for t := 1; t <= 100; t++ {
		for i := range opt {
			opt[i].Step([]float64{x[i][0]})
		}
		if t <= 3 || t == 10 || t == 100 {
			fmt.Printf("%4d", t)
			for i := range opt {
				fmt.Printf("  %10.3e", x[i][0]*x[i][0]/2)
			}
			fmt.Println()
		}
	}
	// Output:
	// step  lr = 0.001  lr =   0.1  lr =   0.5  lr =  1.95  lr =  2.05
	//    1   4.990e-01   4.050e-01   1.250e-01   4.512e-01   5.512e-01
	//    2   4.980e-01   3.281e-01   3.125e-02   4.073e-01   6.078e-01
	//    3   4.970e-01   2.657e-01   7.812e-03   3.675e-01   6.700e-01
	//   10   4.901e-01   6.079e-02   4.768e-07   1.792e-01   1.327e+00
	//  100   4.093e-01   3.528e-10   3.112e-61   1.753e-05   8.646e+03
}

// Adam's first step: "almost" Adam, without bias correction, divides 0.1*g by the root of 0.001*g*g, so that
// its first step is more than three times lr, whatever the gradient. The full form's is lr.
func ExampleAdam_firstSteps() {
	const lr = 0.001
	fmt.Println("gradient         almost               full")
	fmt.Println("           step 1   step 2    step 1   step 2")
	for _, g := range []float64{1000, 1, 0.001} {
		a, b := []float64{0}, []float64{0}
		almost, err := optim.New(optim.Adam{LR: lr, NoBiasCorrection: true}, a)
		if err != nil {
			log.Fatal(err)
		}
		full, err := optim.New(optim.Adam{LR: lr}, b)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%8v", g)
		var first, second [2]float64
		almost.Step([]float64{g})
		full.Step([]float64{g})
		first = [2]float64{-a[0], -b[0]}
		almost.Step([]float64{g})
		full.Step([]float64{g})
		second = [2]float64{-a[0] - first[0], -b[0] - first[1]}
		fmt.Printf("  %7.5f  %7.5f   %7.5f  %7.5f\n", first[0], second[0], first[1], second[1])
	}
	// Output:
	// gradient         almost               full
	//            step 1   step 2    step 1   step 2
	//     1000  0.00316  0.00425   0.00100  0.00100
	//        1  0.00316  0.00425   0.00100  0.00100
	//    0.001  0.00315  0.00424   0.00100  0.00100
}
