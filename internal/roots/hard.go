package roots

import (
	"math"
	"math/big"
)

// A HardCase is a number x in [1, 4) whose root lies near the middle of two floats. With m the significand of the
// lower one, an integer, and x in units of the square of m's,
//
//	x = m^2 + m + k, which is (m + 1/2)^2 + k - 1/4.
type HardCase struct {
	X float64
	K int
}

// HardCases returns all whose |k| is at most most, among floats of so many bits.
//
// Significands X of x are integers, too: X*2^e = m^2 + m + k, with e = bits-1 for x in [1, 2) and e = bits for x in
// [2, 4). Since m^2 + m is even, k is even. Since 2m + 1 is odd, 2^i more in m is an odd multiple of 2^i more at the
// right, modulo 2^(i+1): so each parity of m leads to exactly one m modulo 2^e (Hensel).
func HardCases(bits, most int) (all []HardCase) {
	least, end := int64(1)<<(bits-1), int64(1)<<bits
	for e := bits - 1; e <= bits; e++ {
		for k := int64(-most / 2 * 2); k <= int64(most); k += 2 {
			for parity := range int64(2) {
				m := parity
				for i := 1; i < e; i++ {
					m |= int64(right(m, k).Bit(i)) << i
				}
				for ; m < end; m += 1 << e {
					x := new(big.Int).Rsh(right(m, k), uint(e)).Int64()
					if m >= least && x >= least && x < end {
						all = append(all, HardCase{math.Ldexp(float64(x), e-2*(bits-1)), int(k)})
					}
				}
			}
		}
	}
	return all
}

// right is m^2 + m + k.
func right(m, k int64) *big.Int {
	v := new(big.Int).Mul(big.NewInt(m), big.NewInt(m+1))
	return v.Add(v, big.NewInt(k))
}
