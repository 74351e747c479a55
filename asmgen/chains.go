package main

import "fmt"

// The micro-kernels of rule 8. Package bitstep packs, blocks and spreads (gemm.go there); a tile holds one piece of
// the output in registers while k runs.

const chainParams = "code, k int, a *T, aRow, aCol int, b *T, bRow, bTile int, " +
	"c *T, cRow, tiles, width, accumulate int, packed *T, ahead int"

// chain emits a tile of rows x vecs vectors of C, for k steps,
//
//	acc[r][j] = fma(a[r][k], b[k][j], acc[r][j]) from +0
//
// then C = acc if accumulate is 0, else C = C + acc, and goes on to the next of so many tiles to the right.
//
// Element (r, k) of a is aRow*r + aCol*k bytes from a on: packed, transposed or neither. b's rows are bRow bytes
// apart, c's cRow; from tile to tile b moves by bTile bytes. The vector of a masked tile, its only one, has width
// elements. A tile that packs also stores what it reads of b to packed, tile after tile, and fetches the lines that are
// ahead bytes from there, for a later tile: rows of b that are far apart are not what hardware prefetches.
func chain(m Machine, rows, vecs int, kind chainKind) {
	name, what := chainName(m, rows, vecs, kind), ""
	masked, packs := kind == maskedChain, kind == packingChain
	switch {
	case masked:
		what = " that is not whole"
	case packs:
		what = " and packs b"
	}
	m.BeginLocal(name, chainParams,
		fmt.Sprintf("%s computes tiles of %d rows x %d vectors%s, by rule 8.", name, rows, vecs, what))
	b, c, tiles := m.Arg("b"), m.Arg("c"), m.Arg("tiles")
	var packed, ahead Reg
	if packs {
		packed = m.Arg("packed")
	}
	var mask Mask
	if masked {
		mask = m.Mask(m.Arg("width"), 0)
	}
	vec := m.ISA().VecBytes
	load := func(p Reg, j int) Reg {
		if masked {
			return m.LoadMasked(p, j*vec, mask)
		}
		return m.Load(p, j*vec)
	}
	m.While("tile", tiles, 1, func() {
		line, cRow := m.Copy(c), m.Arg("cRow")
		for r := range rows {
			m.Prefetch(line)
			if r < rows-1 {
				m.AddReg(line, cRow)
			}
		}
		a, aCol := m.ScalarRows(m.Arg("a"), m.Arg("aRow"), rows), m.Arg("aCol")
		bk, bRow, k := m.Copy(b), m.Arg("bRow"), m.Arg("k")
		if packs {
			ahead = m.Copy(bk)
			m.AddReg(ahead, m.Arg("ahead"))
		}
		acc := zeros(m, rows*vecs)
		for _, unroll := range unrolls(m) {
			m.While(fmt.Sprintf("loop%dx", unroll), k, unroll, func() {
				m.Comment("acc[r][j] = fma(a[r][k], b[k][j], acc[r][j])")
				for range unroll {
					column := func(j int) Reg { return load(bk, j) }
					if packs {
						for off := 0; off < vecs*vec; off += lineBytes {
							m.PrefetchNext(ahead, off)
						}
						m.AddReg(ahead, bRow)
						column = func(j int) Reg {
							v := load(bk, j)
							m.Store(v, packed, j*vec)
							return v
						}
					}
					pairs(rows, vecs, a.Scalar, column,
						func(r, j int, x, y Reg) { m.FMAScalar(acc[r*vecs+j], x, y) })
					a.Advance(aCol)
					m.AddReg(bk, bRow)
					if packs {
						m.AddImm(packed, vecs*vec)
					}
				}
			})
		}
		store := func(accumulate bool) func() {
			return func() {
				c, cRow := m.Copy(c), m.Arg("cRow")
				for r := range rows {
					for j := range vecs {
						sum := acc[r*vecs+j]
						if accumulate {
							sum = m.Add(load(c, j), sum)
						}
						if masked {
							m.StoreMasked(sum, c, j*vec, mask)
						} else {
							m.Store(sum, c, j*vec)
						}
					}
					if r < rows-1 {
						m.AddReg(c, cRow)
					}
				}
			}
		}
		m.IfZero(m.Arg("accumulate"), store(false), store(true))
		m.AddReg(b, m.Arg("bTile"))
		m.AddImm(c, vecs*vec)
	})
	m.End()
}

func each(n int, f func(int) Reg) (all []Reg) {
	for i := range n {
		all = append(all, f(i))
	}
	return all
}

// unrolls are the steps of k that a turn of a loop takes, and one.
func unrolls(m Machine) []int {
	if u := m.ISA().Tiles.Unroll; u > 1 {
		return []int{u, 1}
	}
	return []int{1}
}

func zeros(m Machine, n int) []Reg { return each(n, func(int) Reg { return m.Zero() }) }

// A chainKind is what a tile does besides.
type chainKind string

const (
	plainChain   chainKind = ""
	packingChain chainKind = "Pack"
	maskedChain  chainKind = "Masked"
)

func chainName(m Machine, rows, vecs int, kind chainKind) string {
	return fmt.Sprintf("%s%dx%d%s", symbol("chain", m), rows, vecs, kind)
}

// chains emits all tiles, first the plain ones, then those that pack, then those that are masked, and the function
// that goes to one of them by its place in the table: see chainCode in gemm_chains.go.
func chains(m Machine) {
	var codes []string
	emit := func(rows, vecs int, kind chainKind) {
		chain(m, rows, vecs, kind)
		codes = append(codes, chainName(m, rows, vecs, kind))
	}
	t := m.ISA().Tiles
	for _, kind := range []chainKind{plainChain, packingChain} {
		for i, rows := range t.ChainRows {
			for r := range rows {
				if kind == plainChain || i+1 == t.PackVecs {
					emit(r+1, i+1, kind)
				}
			}
		}
	}
	for r := range t.ChainRows[0] {
		emit(r+1, 1, maskedChain)
	}
	oneOf(m, symbol("chain", m), chainParams, codes, "computes tiles of C by rule 8")
}

// oneOf emits a function that goes on in one of several, by its first parameter.
func oneOf(m Machine, name, params string, codes []string, does string) {
	m.Begin(name, params, name+" "+does+", in the code of that number.")
	m.JumpTo(m.Code(name+"Codes", m.Arg("code")))
	m.Table(name+"Codes", codes)
}

func log2(n int) uint {
	s := uint(0)
	for ; n > 1; n >>= 1 {
		s++
	}
	return s
}
