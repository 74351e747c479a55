package main

// An isa is a row of the one list of instruction sets. Constants, names, detection, dispatch, build tags, CI's
// expectations and the bench's report follow from it. To add one: an emitter file, which makes Machines, and
// a row here.
type isa struct {
	Name     string   // what the environment variable BITSTEP and String call it
	Const    string   // the Backend constant, and the end of its functions' names
	Arch     string   // GOARCH, and the tag of its files
	Features []string // the constants of package cpuid that must be there; none: every CPU of the architecture
	VecBytes int      // of one register
	Tiles    tileSize // of the micro-kernels of products; zero: none, products run their definition
	Steps    shape    // of steps that divide

	// New returns the Machine for elements of that many bytes, which writes to file.
	New func(file, isa, int) Machine
}

// isas lists the instruction sets, of one architecture the fastest last.
var isas = []isa{
	{"avx2", "AVX2", "amd64", []string{"AVX", "AVX2", "F16C", "FMA3"}, 32, tileSize{
		ChainRows: [8]int{12, 6, 4, 3, 2, 2, 1, 1}, PackVecs: 2, Unroll: 2, CopyVecs: 2,
		TurnRows: [4]int{4, 2, 1, 1}, TurnQuarters: [4]int{2, 2, 4, 4}, NarrowRows: [2][2]int{{16}, {10}},
		LanesCols: [4]int{6, 6, 4}, LanesTile: [2]int{3, 4}, WholeCols: [4]int{6}},
		shape{2, .4, .2, 0}, newAVX2},
	{"avx512", "AVX512", "amd64",
		[]string{"AVX", "AVX2", "F16C", "FMA3", "AVX512F", "AVX512DQ", "AVX512BW", "AVX512VL"}, 64, tileSize{
			ChainRows: [8]int{16, 12, 9, 6, 5, 4, 3, 3}, PackVecs: 2, CopyVecs: 2, Columns: true,
			TurnRows: [4]int{6, 4, 2, 2}, TurnQuarters: [4]int{1, 3, 3, 4}, NarrowRows: [2][2]int{{16, 16}, {12, 12}},
			LanesCols: [4]int{6, 6, 6, 6}, LanesTile: [2]int{4, 4}, WholeCols: [4]int{8, 6, 6, 6}},
		shape{1, 1, 0, 7}, newAVX512},
	{"neon", "NEON", "arm64", nil, 16, tileSize{
		ChainRows: [8]int{8, 8, 8, 6, 5, 4, 3, 3}, PackVecs: 3, CopyVecs: 4,
		TurnRows: [4]int{8, 4, 2, 2}, TurnQuarters: [4]int{4, 4, 4, 4},
		LanesCols: [4]int{4, 4, 4, 4}, LanesTile: [2]int{4, 4}, WholeCols: [4]int{4}},
		shape{1, .25, 0, 7}, newNEON},
}

// A shape is how the operations of a software pipeline are emitted, which is a question of registers.
type shape struct {
	Breadth      int     // vectors of a group whose operations are emitted in turns
	Ends, Starts float64 // the part of a turn after which a group has been divided, and another starts
	Scalars      int     // how many there are registers for, all of a pipeline's; 0: it loads them where it needs them
}

// A tileSize is what the micro-kernels of one instruction set measure. All of a tile's accumulators and one row
// of its operands fit in the registers, and the largest tiles have enough accumulators to hide the latency of an fma
// (4 cycles on 2 ports: 8).
type tileSize struct {
	// ChainRows is the most rows of A in a tile of rule 8 with so many vectors of B's columns, from 1 on. There are
	// tiles of all numbers of rows up to that.
	ChainRows [8]int
	PackVecs  int  // the vectors of tiles that can pack what they read of B
	Columns   bool // whether tiles of one vector can transpose their sums, whose vectors are columns of C then
	Unroll    int  // steps of k in a turn of a tile's loop; 0: one
	CopyVecs  int  // the most vectors of a row that is packed: the rows, or a part of the columns, of tiles that pack

	// TurnRows is the most rows of A in a tile of rule 8 with so many vectors of B's columns, from 1 on, which are
	// transposed in its registers. TurnQuarters is how many quarters of a vector a transposition does of which 1, 2, 3
	// or 4 are there: where fewer take less time, and columns are few.
	TurnRows, TurnQuarters [4]int

	// NarrowRows is the most rows of A in a tile of rule 8 for one block of k, and for two, whose vectors hold 2 rows
	// of C, or 4. Rows of long strides may all meet in a set of L1, which has 8 or 12 lines: tiles of two blocks, which
	// come back to a row, have no more.
	NarrowRows [2][2]int

	// LanesCols is the most rows of B in a tile of rule 7 with so many rows of A, from 1 on, for one vector of each
	// line. LanesTile is the rows of A and B in tiles of a product whose operands are both packed. WholeCols is the
	// most rows of B in a tile of whole lines with so many rows of A.
	LanesCols [4]int
	LanesTile [2]int
	WholeCols [4]int
}

// maxChainRows is the most rows of A in any tile of rule 8.
const maxChainRows = 16

// maxTurnRows is the most rows of A in any of those that transpose B.
const maxTurnRows = 8

// maxNarrowRows is the most rows of A in any of those whose vectors hold several.
const maxNarrowRows = 16

// architectures lists those that have assembly, in the order of isas.
func architectures() (all []string) {
	for _, s := range isas {
		if len(all) == 0 || all[len(all)-1] != s.Arch {
			all = append(all, s.Arch)
		}
	}
	return all
}

// of returns the instruction sets of an architecture.
func of(arch string) (all []isa) {
	for _, s := range isas {
		if s.Arch == arch {
			all = append(all, s)
		}
	}
	return all
}
