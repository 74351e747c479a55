package roots

// An instructions is what ships, in parts, of one instruction set.
type instructions struct {
	backend  string
	vecBytes int
	single   parts[float32]
	double   parts[float64]
}

// Parts work on n elements, whole vectors, estimate on pairs of them.
type parts[T float32 | float64] struct {
	estimate func(n int, x, out *T)                // of 1/(2*sqrt(x))
	refine   func(n int, x, h, out *T)             // roots from estimates
	guarded  func(n int, x, out *T, unfit *uint64) // roots; of a vector that has wrong ones unfit is not 0
}
