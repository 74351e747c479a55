package kernels

// Conversions of slices: dst and src have the same length.

// ToBFloat16 rounds to nearest even, or with the random bits of stochastic operand 0 (rule 14).
func ToBFloat16(dst []BFloat16, src []float32, r Rounding) {
	src = src[:len(dst)]
	storeBFloat16(dst, src, 0, r.stochastic(!r.Nearest, 0))
}

// storeBFloat16 rounds elements from lo of a tensor's slice on, by random bits or for nil to nearest.
func storeBFloat16(dst []BFloat16, src []float32, lo int, random *source) {
	for i, x := range src {
		if random == nil {
			dst[i] = NearestBFloat16(x)
		} else {
			dst[i] = StochasticBFloat16(x, random.bits(random.Base+uint64(lo+i)))
		}
	}
}

// FromBFloat16 widens, exactly.
func FromBFloat16(dst []float32, src []BFloat16) {
	src = src[:len(dst)]
	for i, b := range src {
		dst[i] = b.Float32()
	}
}

// ToFloat16 rounds to nearest even.
func ToFloat16(dst []Float16, src []float32) {
	src = src[:len(dst)]
	for i, x := range src {
		dst[i] = NearestFloat16(x)
	}
}

// FromFloat16 widens, exactly.
func FromFloat16(dst []float32, src []Float16) {
	src = src[:len(dst)]
	for i, h := range src {
		dst[i] = h.Float32()
	}
}
