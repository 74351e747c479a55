package schedule_test

import (
	"fmt"
	"log"

	"github.com/bitstep-go/bitstep/optim"
	"github.com/bitstep-go/bitstep/optim/schedule"
)

// The lecture's rates: a warm-up over 5 epochs, then a tenth at epochs 30, 60 and 90.
func ExampleMultiStep() {
	const stepsPerEpoch = 500
	steps, err := schedule.MultiStep(0.1, 30, 60, 90)
	if err != nil {
		log.Fatal(err)
	}
	epochs, err := schedule.PerEpoch(stepsPerEpoch, steps)
	if err != nil {
		log.Fatal(err)
	}
	s, err := schedule.Warmup(5*stepsPerEpoch, 0, epochs)
	if err != nil {
		log.Fatal(err)
	}

	w := []float32{1, 2, 3}
	opt, err := optim.New(optim.SGD{LR: 0.1}, w)
	if err != nil {
		log.Fatal(err)
	}
	opt.SetSchedule(s) // each Step now takes the rate of its number
	for _, epoch := range []uint64{0, 1, 5, 29, 30, 60, 90} {
		fmt.Printf("epoch %2d: rate %.4g\n", epoch, opt.LR(0)*s.Factor(epoch*stepsPerEpoch))
	}
	// Output:
	// epoch  0: rate 0
	// epoch  1: rate 0.02
	// epoch  5: rate 0.1
	// epoch 29: rate 0.1
	// epoch 30: rate 0.01
	// epoch 60: rate 0.001
	// epoch 90: rate 0.0001
}

func ExampleCosine() {
	s, err := schedule.Cosine(100, 0)
	if err != nil {
		log.Fatal(err)
	}
	for step := uint64(0); step <= 100; step += 25 {
		fmt.Printf("%3d %.4f\n", step, s.Factor(step))
	}
	// Output:
	//   0 1.0000
	//  25 0.8536
	//  50 0.5000
	//  75 0.1464
	// 100 0.0000
}

func ExampleSequential() {
	up, err := schedule.Linear(4, 0.2, 1)
	if err != nil {
		log.Fatal(err)
	}
	down, err := schedule.InverseSqrt(4)
	if err != nil {
		log.Fatal(err)
	}
	s, err := schedule.Sequential([]uint64{4}, up, down)
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range []uint64{0, 1, 2, 3, 4, 16, 100} {
		fmt.Printf("%.2f ", s.Factor(step))
	}
	// Output: 0.20 0.40 0.60 0.80 1.00 0.50 0.20
}

func ExampleParse() {
	s, err := schedule.Parse("warmup:9+cosine", 100)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f %.4f\n", s.Factor(0), s.Factor(50))
	_, err = schedule.Parse("step:30,sixty", 100)
	fmt.Println(err)
	// Output:
	// 0.1000 0.5000
	// schedule: "step:30,sixty": "sixty" is no whole number of steps, want step:STEP,STEP,...
}

// The rate is halved when the loss has not fallen for three observations.
func ExamplePlateau() {
	plateau, err := schedule.NewPlateau(schedule.PlateauOptions{Factor: 0.5, Patience: 2})
	if err != nil {
		log.Fatal(err)
	}
	x := []float32{8}
	opt, err := optim.New(optim.SGD{LR: 1}, x)
	if err != nil {
		log.Fatal(err)
	}
	opt.SetSchedule(plateau)
	for epoch, loss := range []float64{3, 2, 1, 1, 1, 1, 0.5} {
		opt.Step([]float32{1}) // for the steps of an epoch
		plateau.Observe(0, loss)
		fmt.Printf("%d: %v %v  ", epoch, plateau.Factor(opt.Steps()), x[0])
	}
	// Output: 0: 1 7  1: 1 6  2: 1 5  3: 1 4  4: 1 3  5: 0.5 2  6: 0.5 1.5
}

func ExampleLinearScaling() {
	lr, err := schedule.LinearScaling(0.1, 1024, 256)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(lr)
	// Output: 0.4
}
