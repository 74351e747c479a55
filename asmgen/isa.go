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

	// New returns the Machine for elements of that many bytes, which writes to file.
	New func(file, isa, int) Machine
}

// isas lists the instruction sets, of one architecture the fastest last.
var isas = []isa{
	{"avx2", "AVX2", "amd64", []string{"AVX", "AVX2", "FMA3"}, 32,
		tileSize{ChainRows: 5, ChainVecs: 2, RowVecs: 8,
			LanesRows: 5, LanesCols: 2, LanesVecs: 1, LaneRowCols: 5, LaneRowVecs: 2}, newAVX2},
	{"avx512", "AVX512", "amd64",
		[]string{"AVX", "AVX2", "FMA3", "AVX512F", "AVX512DQ", "AVX512BW", "AVX512VL"}, 64,
		tileSize{ChainRows: 10, ChainVecs: 2, RowVecs: 8,
			LanesRows: 10, LanesCols: 2, LanesVecs: 1, LaneRowCols: 8, LaneRowVecs: 1}, newAVX512},
	{"neon", "NEON", "arm64", nil, 16,
		tileSize{ChainRows: 5, ChainVecs: 4, RowVecs: 16,
			LanesRows: 5, LanesCols: 4, LanesVecs: 1, LaneRowCols: 5, LaneRowVecs: 4}, newNEON},
}

// A tileSize is what the micro-kernels of one instruction set measure. All of a tile's accumulators and one row
// of its operands fit in the registers, and there are enough accumulators to hide the latency of an fma (4
// cycles on 2 ports: 8).
type tileSize struct {
	ChainRows, ChainVecs int // chain: rows of A x vectors of B's columns
	RowVecs              int // chainRow, the tile of one row: vectors of B's columns

	// lanes: packed rows x streamed rows x vectors of the 64-byte line (the caller makes as many passes as it
	// takes to cover the line).
	LanesRows, LanesCols, LanesVecs int
	// lanesRow: the same for one packed row.
	LaneRowCols, LaneRowVecs int
}

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
