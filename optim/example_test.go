package optim_test

import (
	"fmt"
	"log"

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
