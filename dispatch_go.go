//go:build purego || noasm || !(amd64 || arm64)

package bitstep

// Without assembly. What an architecture with assembly provides instead: detect in its detect file,
// the rest generated in its dispatch file.

func detect() []Backend { return nil }

func (b Backend) vecBytes() int { return 0 }

func (b Backend) tiles() tileSize { return tileSize{} }

func (c *call[T]) assembly(lo, n int) { panic("bitstep: no assembly") }

func (c *call[T]) assemblyLanes(lanes *[16]T, lo, n int) { panic("bitstep: no assembly") }

func chainTile[T float32 | float64](Backend, bool, int, *T, *T, int, *T, int, int) {
	panic("bitstep: no assembly")
}

func lanesTile[T float32 | float64](Backend, bool, int, *T, *T, int, *T) {
	panic("bitstep: no assembly")
}

func foldLines[T float32 | float64](Backend, int, *T, *T) { panic("bitstep: no assembly") }

func assemblyFromBytes[T float32 | float64](Backend, int, *T, *T, *uint8, *T) {
	panic("bitstep: no assembly")
}
