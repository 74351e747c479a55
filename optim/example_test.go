package optim_test

import (
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/bitstep-go/bitstep/optim"
)

// Adam minimizes the sum of x*x/2, whose gradient is x.
func Example() {
	x := []float32{3, -2}
	opt, err := optim.New(optim.Adam{LR: 0.1}, x)
	if err != nil {
		log.Fatal(err)
	}
	grad := make([]float32, len(x))
	for opt.Steps() < 100 {
		copy(grad, x)
		opt.Step(grad)
	}
	fmt.Println(x) // these digits on every machine
	// Output: [0.01934455 0.008422819]
}

// Weights decay, biases do not; gradients are sums over 4 examples, and clipped; those that are not finite
// are skipped.
func ExampleNewGroups() {
	weights, bias := []float32{1, -2, 3}, []float32{0.5}
	opt, err := optim.NewGroups(optim.Options{ClipNorm: 1, SkipNonFinite: true},
		optim.Group[float32]{Name: "weights", Config: optim.AdamW(0.01, 0.1), Params: [][]float32{weights}},
		optim.Group[float32]{Name: "bias", Config: optim.Adam{LR: 0.02}, Params: [][]float32{bias}})
	if err != nil {
		log.Fatal(err)
	}
	if err := opt.SetGradScale(1.0 / 4); err != nil {
		log.Fatal(err)
	}
	fmt.Println(opt.Step([]float32{16, 0, 0}, []float32{-12}), weights, bias, opt.GradNorm())
	fmt.Println(opt.Step([]float32{float32(math.Inf(1)), 0, 0}, []float32{0}), opt.Steps(), opt.Skipped())
	// Output:
	// true [0.989 -1.998 2.997] [0.52] 5
	// false 1 1
}

// Nesterov momentum in the look-ahead form: the gradient of x*x/2 + x is taken at x + rho*v.
func ExampleOptimizer_LookAhead() {
	x, ahead := []float64{1}, make([]float64, 1)
	opt, err := optim.New(optim.MomentumVelocity{LR: 0.25, Rho: 0.5}, x)
	if err != nil {
		log.Fatal(err)
	}
	for opt.Steps() < 3 {
		opt.LookAhead(ahead)
		opt.Step([]float64{ahead[0] + 1})
		fmt.Println(ahead[0], x[0])
	}
	// Output:
	// 1 0.5
	// 0.25 -0.0625
	// -0.34375 -0.5078125
}

// A schedule is any function of the number of steps taken.
func ExampleOptimizer_SetSchedule() {
	x := []float32{0}
	opt, err := optim.New(optim.SGD{LR: 1}, x)
	if err != nil {
		log.Fatal(err)
	}
	opt.SetSchedule(halving{})
	for range 4 {
		opt.Step([]float32{-1})
	}
	fmt.Println(x)
	// Output: [1.875]
}

type halving struct{}

func (halving) Factor(step uint64) float64 { return math.Ldexp(1, -int(min(step, 1000))) }

// A run that is resumed ends where it would have ended.
func ExampleOptimizer_Save() {
	dir, err := os.MkdirTemp("", "bitstep")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "run.safetensors")

	descend := func(opt *optim.Optimizer[float32], until uint64) {
		for grad := make([]float32, 2); opt.Steps() < until; {
			copy(grad, opt.Params()[0])
			opt.Step(grad)
		}
	}
	x, y := []float32{3, -2}, make([]float32, 2)
	opt, err := optim.New(optim.Adam{LR: 0.1}, x)
	if err != nil {
		log.Fatal(err)
	}
	descend(opt, 50)
	if err := opt.Save(path); err != nil {
		log.Fatal(err)
	}
	descend(opt, 100)

	resumed, err := optim.New(optim.Adam{LR: 0.1}, y) // in another program, on another machine
	if err != nil {
		log.Fatal(err)
	}
	if err := resumed.Load(path); err != nil {
		log.Fatal(err)
	}
	descend(resumed, 100)
	fmt.Println(x, y)
	// Output: [0.01934455 0.008422819] [0.01934455 0.008422819]
}

// The average of the weights is swapped in to evaluate the model, and out to train on.
func ExampleEMA() {
	x := []float64{8}
	opt, err := optim.New(optim.SGD{LR: 0.5}, x)
	if err != nil {
		log.Fatal(err)
	}
	ema, err := optim.NewEMA(optim.EMAConfig{Decay: 0.5}, x)
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		opt.Step([]float64{x[0]})
		ema.Update()
	}
	ema.Swap()
	fmt.Println("average:", x[0])
	ema.Swap()
	fmt.Println("weight:", x[0])
	// Output:
	// average: 2.5
	// weight: 1
}

// An algorithm by name, for command lines.
func ExampleParseConfig() {
	c, err := optim.ParseConfig("nesterov", 0.1)
	fmt.Printf("%+v %v\n", c, err)
	_, err = optim.ParseConfig("rmsprop", -1)
	fmt.Println(err)
	// Output:
	// {LR:0.1 Rho:0 WeightDecay:0 Decoupled:false} <nil>
	// optim: RMSProp: LR = -1, want in [0, +Inf)
}
