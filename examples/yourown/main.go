// Yourown is a net of two layers that was written by hand, and the three lines that change for its parameters to be
// stepped by package optim: an import, and the lines marked 2 and 3.
//
//	go run ./examples/yourown
//
// It trains three times: by a loop of its own, by optim with the same formula, which leaves the same bits, and by Adam.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"github.com/bitstep-go/bitstep/optim" // 1
)

const (
	examples, hidden, classes = 500, 32, 3
	steps                     = 300
	rate                      = 0.2
)

// byHand trains a net: the program as it was.
func byHand(n *net) (loss float32) {
	for range steps {
		loss = n.gradients()
		for i, x := range n.params {
			for j := range x {
				x[j] -= float32(rate * n.grads[i][j])
			}
		}
	}
	return loss
}

// byOptim trains a net: the program as it is.
func byOptim(n *net, config optim.Config) (loss float32) {
	opt, err := optim.New(config, n.params...) // 2
	if err != nil {
		log.Fatal(err)
	}
	for range steps {
		loss = n.gradients()
		opt.Step(n.grads...) // 3
	}
	return loss
}

func main() {
	report := func(name string, train func(*net) float32) {
		n := newNet()
		loss := train(n)
		fmt.Printf("%-14s loss %.6f, digest %s\n", name, loss, n.digest())
	}
	report("by hand:", byHand)
	report("by optim.SGD:", func(n *net) float32 { return byOptim(n, optim.SGD{LR: rate}) })
	report("by optim.Adam:", func(n *net) float32 { return byOptim(n, optim.Adam{LR: 0.01}) })
}

// A net has scores w2*max(0, w1*x + b1) + b2 of points x in the plane.
type net struct {
	points        [examples][2]float32
	classes       [examples]int
	params, grads [][]float32 // w1 (hidden x 2), b1, w2 (classes x hidden), b2
}

// draw draws from [-1, 1). Without its conversions some compilers would fuse what rand computes with it.
func draw(r *rand.Rand) float32 { return float32(float64(2*float64(r.Float64())) - 1) }

func newNet() *net {
	n, r := &net{}, rand.New(rand.NewPCG(1, 2))
	for i := range n.points { // classes are rings around 0
		x, y := draw(r), draw(r)
		n.points[i] = [2]float32{x, y}
		switch radius := float32(x*x) + float32(y*y); {
		case radius > 0.8:
			n.classes[i] = 2
		case radius > 0.3:
			n.classes[i] = 1
		}
	}
	for _, size := range []int{hidden * 2, hidden, classes * hidden, classes} {
		n.params, n.grads = append(n.params, make([]float32, size)), append(n.grads, make([]float32, size))
	}
	for _, w := range [][]float32{n.params[0], n.params[2]} {
		for i := range w {
			w[i] = draw(r) / 2
		}
	}
	return n
}

// gradients computes those of the mean hinge loss of all points, which it returns. Products that are summed are written
// float32(a*b), which keeps compilers from fusing them: so a program has the same bits on every machine.
func (n *net) gradients() (loss float32) {
	w1, b1, w2, b2 := n.params[0], n.params[1], n.params[2], n.params[3]
	g1, gb1, g2, gb2 := n.grads[0], n.grads[1], n.grads[2], n.grads[3]
	for _, g := range n.grads {
		clear(g)
	}
	for i, x := range n.points {
		var h, dh [hidden]float32
		var scores [classes]float32
		for j := range h {
			h[j] = max(0, float32(w1[2*j]*x[0])+float32(w1[2*j+1]*x[1])+b1[j])
		}
		for k := range scores {
			scores[k] = b2[k]
			for j := range h {
				scores[k] += float32(w2[k*hidden+j] * h[j])
			}
		}
		right := n.classes[i]
		for k := range scores {
			margin := scores[k] - scores[right] + 1
			if k == right || margin <= 0 {
				continue
			}
			loss += margin / examples
			for _, s := range []struct {
				class int
				d     float32 // of the loss by the class's score
			}{{k, 1.0 / examples}, {right, -1.0 / examples}} {
				gb2[s.class] += s.d
				for j := range h {
					g2[s.class*hidden+j] += float32(s.d * h[j])
					dh[j] += float32(s.d * w2[s.class*hidden+j])
				}
			}
		}
		for j := range h {
			if h[j] > 0 {
				gb1[j] += dh[j]
				g1[2*j] += float32(dh[j] * x[0])
				g1[2*j+1] += float32(dh[j] * x[1])
			}
		}
	}
	return loss
}

// digest is of the parameters' bits.
func (n *net) digest() string {
	var b []byte
	for _, x := range n.params {
		for _, v := range x {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	return fmt.Sprintf("%.8x", sha256.Sum256(b))
}
