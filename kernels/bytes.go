package kernels

// FromBytes makes numbers of bytes, such as features of pixels, the byte, the product and the difference each
// rounded to T:
//
//	dst = scale*src - offset
func FromBytes[T Float](dst []T, src []uint8, offset []T, scale T) {
	src, offset = src[:len(dst)], offset[:len(dst)]
	for i := range dst {
		dst[i] = T(scale*T(src[i])) - offset[i]
	}
}
