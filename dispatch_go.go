//go:build purego || noasm || !(amd64 || arm64)

package bitstep

// Without assembly. What an architecture with assembly provides instead is generated, in its detect and
// dispatch files.

func detect() []Backend { return nil }

func (c *call[T]) assembly(lo, n int) bool { return false }

func (c *call[T]) assemblyLanes(lanes *[16]T, lo, n int) bool { return false }

func chainTile[T Float](Backend, bool, int, *T, *T, int, *T, int, int) { panic("bitstep: no assembly") }

func lanesTile[T Float](Backend, bool, int, *T, *T, int, *T) { panic("bitstep: no assembly") }

func foldLines[T Float](Backend, int, *T, *T) { panic("bitstep: no assembly") }
