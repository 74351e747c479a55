package kernels

// FromBytes makes numbers of bytes, such as features of pixels: dst = scale*src - offset, the byte, the
// product and the difference each rounded to T. The slices have the same length.
func FromBytes[T Float](dst []T, src []uint8, scale T, offset []T) {
	src, offset = src[:len(dst)], offset[:len(dst)]
	for i := range dst {
		dst[i] = T(T(src[i])*scale) - offset[i]
	}
}
