package bitstep

// A tileSize is what the register tiles of a backend measure: the table in asmgen explains each.
type tileSize struct {
	chainRows, chainVecs, rowVecs   int
	lanesRows, lanesCols, lanesVecs int
	laneRowCols, laneRowVecs        int
}
