package roots

import "math"

// Arm's estimate of 1/sqrt(x) is a table of 8 bits that the architecture fixes: FPRSqrtEstimate, RecipSqrtEstimate and
// FPRSqrtStepFused in the Arm Architecture Reference Manual.

// FRSQRTE is that instruction for normal x > 0 of either type.
func FRSQRTE(x float64) float64 {
	fraction, exp := math.Frexp(x) // in [1/2, 1)
	var a int                      // x as a number from 1/4 to 1, by 1024: the middle of an interval
	if exp&1 == 0 {
		a = int(fraction*256)*4 + 2
	} else {
		a = int(fraction*256)*2 + 1
		exp++
	}
	b := int(math.Sqrt(float64((1<<28 - 1) / a))) // the largest with a*b*b < 2^28
	return math.Ldexp(float64((b+1)/2), -8-exp/2)
}

// NEON estimates 1/(2*sqrt(x)): FRSQRTE of 4*x, and a step of FRSQRTS, which is (3 - a*b)/2, rounded once.
func NEON[T float32 | float64](x T, fma func(a, b, c T) T) T {
	x *= 4
	y := T(FRSQRTE(float64(x)))
	return y * (fma(-(x*y), y, 3) / 2)
}
