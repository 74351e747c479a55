package kernels

import (
	"math"
	"math/rand/v2"
)

// Normal returns a random number of the standard normal distribution (mean 0, variance 1). It draws two
// r.Float64 for each try, of which pi/4 succeed, and keeps nothing between calls, so that r's source is
// all the state there is. With a PCG or ChaCha8 source the numbers are the same on every machine; those
// of r.NormFloat64 are not.
//
// It is the polar method: for (u, v) uniform in the unit disc and s = u^2 + v^2, u sqrt(-2 log(s)/s) is
// normal. Source: Marsaglia and Bray, A convenient method for generating normal variables (1964).
func Normal(r *rand.Rand) float64 {
	for {
		u, v := float64(2*float64(r.Float64()))-1, float64(2*float64(r.Float64()))-1
		s := float64(u*u) + float64(v*v)
		if s < 1 && s != 0 {
			return u * math.Sqrt(-2*Log(s)/s)
		}
	}
}
