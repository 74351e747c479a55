package main

import (
	"fmt"
	"slices"
)

// The micro-kernels of rule 7: the lanes of tiles of striped sums, and their folds.

const lanesParams = "code int, args *byte"

// lanesFields are what a tile needs to know, the fields of a lanesArgs.
const lanesFields = "lines int, a *T, aRow, aLine, aVec, ahead int, b *T, bRow, bLine, bVec, bTile int, " +
	"acc *T, accRow, accTile int, c *T, cRow, cCol, cTile, tiles, first, last, tail int"

// lanes emits a tile of rows x cols striped sums, for whole lines of k,
//
//	acc[r][c] = fma(a[r][line], b[c][line], acc[r][c])
//
// and for the tail elements of a last line; lanes that it does not reach do not change. Lanes are +0 to begin with if
// first is not 0. If last is not 0, they are folded in the end, and the sums are stored to c; else they stay in acc.
// Then the next of so many tiles follows.
//
// Row r of line l is aRow*r + aLine*l bytes from a on. b likewise, but tiles that do not do whole lines in a pass have
// its rows packed, vector after vector, and its last line whole even if there is but a tail of it. A pass over lines
// does a vector of each, or all of them, and then bLine is aLine; those of the next are aVec and bVec bytes from its
// own. acc has room for a line of lanes for each r, c, its rows accRow bytes apart. Sum r, c is cRow*r + cCol*c bytes
// from c on; a cCol of 0 stands for that of neighbours. From tile to tile b, acc and c move by bTile, accTile and cTile
// bytes.
//
// If ahead is not 0, tiles fetch the lines that are so many bytes from a's, for a later panel of rows: what is read of
// a row at a time is too short for the hardware to fetch it in time. (Those of one row with whole lines do not: it is
// read again and again.) All tiles of a panel do, since a core drops some of what is asked for all at once: first tiles
// alone reached .75 of the speed.
func lanes(m Machine, rows, cols int, whole bool) {
	name, vecs := lanesName(m, rows, cols, whole), 1
	if whole {
		vecs = lineBytes / m.ISA().VecBytes
	}
	m.BeginLocal(name, lanesParams,
		fmt.Sprintf("%s computes tiles of %d x %d sums by rule 7, %d bytes of a line at a time.", name,
			rows, cols, vecs*m.ISA().VecBytes))
	arg := func(name string) Reg { return m.LoadWord(m.Arg("args"), argOf(m, lanesFields, name)) }
	b, acc, c, tiles := arg("b"), arg("acc"), arg("c"), arg("tiles")
	vec := m.ISA().VecBytes
	passes := lineBytes / (vecs * vec)

	// at calls f with each sum and where its lanes of a pass are.
	at := func(pass int, f func(i int, p Reg, off int)) {
		p, accRow := m.Copy(acc), arg("accRow")
		for r := range rows {
			for c := range cols {
				for v := range vecs {
					f((r*cols+c)*vecs+v, p, c*lineBytes+(pass*vecs+v)*vec)
				}
			}
			if r < rows-1 {
				m.AddReg(p, accRow)
			}
		}
	}
	inPass := func(pass int, p Reg, by string) Reg {
		for range pass {
			m.AddReg(p, arg(by))
		}
		return p
	}
	compute := func(pass int) []Reg {
		sums := each(rows*cols*vecs, func(int) Reg { return m.Vector() })
		m.IfZero(arg("first"),
			func() { at(pass, func(i int, p Reg, off int) { m.LoadTo(sums[i], p, off) }) },
			func() {
				for _, sum := range sums {
					m.SetZero(sum)
				}
			})
		as, aLine := m.VectorRows(inPass(pass, arg("a"), "aVec"), arg("aRow"), rows), arg("aLine")
		bs, bLine := Rows(packedRows{m, inPass(pass, m.Copy(b), "bVec")}), arg("bLine")
		if whole {
			bs, bLine = m.VectorRows(m.Copy(b), arg("bRow"), cols), aLine
		}
		lines := arg("lines")
		loop := func(fetch func()) {
			for _, unroll := range unrolls(m) {
				m.While(fmt.Sprintf("loop%dx", unroll), lines, unroll, func() {
					m.Comment("acc[r][c] = fma(a[r][line], b[c][line], acc[r][c])")
					for range unroll {
						fetch()
						for v := range vecs {
							pairs(rows, cols,
								func(r int) Reg { return as.Load(r, v*vec) },
								func(c int) Reg { return bs.Load(c, v*vec) },
								func(r, c int, x, y Reg) { m.FMA(sums[(r*cols+c)*vecs+v], x, y) })
						}
						as.Advance(aLine)
						bs.Advance(bLine)
					}
				})
			}
		}
		plain := func() { loop(func() {}) }
		if whole && rows == 1 || pass > 0 {
			plain()
		} else {
			ahead := arg("ahead")
			m.IfZero(ahead, plain, func() {
				var later Lines
				if !whole {
					later = as.Ahead(ahead)
				}
				fetch := func() {
					if whole { // no registers are left for pointers that move along
						later = as.Ahead(ahead)
					}
					for r := range rows {
						later.Fetch(r)
					}
					if !whole {
						later.Advance(aLine)
					}
				}
				loop(fetch)
				fetch() // where lines begin within a line of the cache, and the tail
			})
		}
		tail := arg("tail")
		m.IfMore(tail, pass*vecs*vec/m.ElemBytes(), func() {
			for v := range vecs {
				mask := m.Mask(tail, pass*vecs+v)
				x := func(r int) Reg { return as.LoadMasked(r, v*vec, mask) }
				y := func(c int) Reg { return bs.Load(c, v*vec) }
				if whole { // has the registers to hold its few rows
					held := each(rows, x)
					x = func(r int) Reg { return held[r] }
					y = func(c int) Reg { return bs.LoadMasked(c, v*vec, mask) }
				}
				for c := range cols {
					y := y(c)
					for r := range rows {
						m.FMAMasked(sums[(r*cols+c)*vecs+v], x(r), y, mask)
					}
				}
			}
		})
		return sums
	}
	store := func(pass int, sums []Reg) {
		at(pass, func(i int, p Reg, off int) { m.Store(sums[i], p, off) })
	}

	m.While("tile", tiles, 1, func() {
		for pass := range passes - 1 {
			store(pass, compute(pass))
		}
		sums := compute(passes - 1)
		m.IfZero(arg("last"), func() { store(passes-1, sums) }, func() {
			others := m.VectorRows(m.Copy(acc), arg("accRow"), rows)
			foldTile(m, rows*cols, acc, func(n, i int) Reg {
				if own := i - (passes-1)*vecs; own >= 0 {
					return sums[n*vecs+own]
				}
				return others.Load(n/cols, n%cols*lineBytes+i*vec)
			})
			storeTile(m, rows, cols, acc, c, arg)
		})
		m.AddReg(b, arg("bTile"))
		m.AddReg(acc, arg("accTile"))
		m.AddReg(c, arg("cTile"))
	})
	m.End()
}

// packedRows are rows whose vectors follow each other.
type packedRows struct {
	Machine
	p Reg
}

func (r packedRows) Load(i, off int) Reg { return r.Machine.Load(r.p, i*r.ISA().VecBytes+off) }

func (r packedRows) LoadMasked(i, off int, mask Mask) Reg {
	return r.Machine.LoadMasked(r.p, i*r.ISA().VecBytes+off, mask)
}

func (r packedRows) Advance(by Reg) { r.AddReg(r.p, by) }

// foldTile folds n lines of lanes by halves to sums, which it stores to p. The lanes of lines that are yet to be folded
// may be there too, from p on and a line apart: the sums of those before take less room.
func foldTile(m Machine, n int, p Reg, load func(n, i int) Reg) {
	group := m.ISA().VecBytes / m.ElemBytes()
	for first := 0; first < n; first += group {
		sums := m.FoldLines(min(group, n-first), func(at, i int) Reg { return load(min(first+at, n-1), i) })
		m.Store(sums, p, first*m.ElemBytes())
	}
}

// storeTile stores a tile's sums, which lie row by row at p.
func storeTile(m Machine, rows, cols int, p, c Reg, arg func(string) Reg) {
	elem := m.ElemBytes()
	cCol, cRow := arg("cCol"), arg("cRow")
	m.IfZero(cCol, func() {
		c := m.Copy(c)
		for r := range rows {
			for at, end := 0, cols*elem; at < end; {
				n := 16
				for at+n > end {
					n /= 2
				}
				m.CopyBytes(c, at, p, r*end+at, n)
				at += n
			}
			if r < rows-1 {
				m.AddReg(c, cRow)
			}
		}
	}, func() {
		column := m.Copy(c)
		for col := range cols {
			c := m.Copy(column)
			for r := range rows {
				m.CopyBytes(c, 0, p, (r*cols+col)*elem, elem)
				if r < rows-1 {
					m.AddReg(c, cRow)
				}
			}
			if col < cols-1 {
				m.AddReg(column, cCol)
			}
		}
	})
}

// pairs calls f for each row and column. Of the rows and columns those that are fewer are held in registers.
func pairs(rows, cols int, row, col func(int) Reg, f func(r, c int, x, y Reg)) {
	if rows < cols {
		held := each(rows, row)
		for c := range cols {
			y := col(c)
			for r := range rows {
				f(r, c, held[r], y)
			}
		}
		return
	}
	held := each(cols, col)
	for r := range rows {
		x := row(r)
		for c := range cols {
			f(r, c, x, held[c])
		}
	}
}

func lanesName(m Machine, rows, cols int, whole bool) string {
	name := fmt.Sprintf("%s%dx%d", symbol("lanes", m), rows, cols)
	if whole {
		name += "Whole"
	}
	return name
}

// allLanes emits all tiles, those of whole lines last, and the function that goes to one of them by its
// place in the table: see lanesCode in gemm_lanes.go.
func allLanes(m Machine) {
	var codes []string
	emit := func(rows, cols int, whole bool) {
		lanes(m, rows, cols, whole)
		codes = append(codes, lanesName(m, rows, cols, whole))
	}
	t := m.ISA().Tiles
	for i, cols := range t.LanesCols {
		for c := range cols {
			emit(i+1, c+1, false)
		}
	}
	for i, cols := range t.WholeCols {
		for c := range cols {
			emit(i+1, c+1, true)
		}
	}
	oneOf(m, symbol("lanes", m), lanesParams, codes, "continues the lanes of tiles of striped sums by rule 7")
}

const packParams = "code int, args *byte"

// packFields are the fields of a packArgs.
const packFields = "lines int, src *T, srcRow, srcTile int, dst *T, dstVec, dstTile, tiles, tail int"

// packLines emits the packing of panels of so many rows for tiles of rule 7: vector by vector of a line, and of each
// line by line, row by row, after the whole lines one that is filled up with zeros if there is a tail. Rows are srcRow
// bytes apart, a line's next vectors dstVec bytes; from panel to panel src and dst move by srcTile and dstTile.
func packLines(m Machine, rows int) {
	name := packName(m, rows)
	m.BeginLocal(name, packParams, fmt.Sprintf("%s packs panels of %d rows for rule 7.", name, rows))
	arg := func(name string) Reg { return m.LoadWord(m.Arg("args"), argOf(m, packFields, name)) }
	src, dst, tiles := arg("src"), arg("dst"), arg("tiles")
	vec := m.ISA().VecBytes
	m.While("tile", tiles, 1, func() {
		from, step := m.VectorRows(m.Copy(src), arg("srcRow"), rows), m.Int(lineBytes)
		var to []Reg
		p, dstVec := m.Copy(dst), arg("dstVec")
		for range lineBytes / vec {
			to = append(to, m.Copy(p))
			m.AddReg(p, dstVec)
		}
		m.While("loop", arg("lines"), 1, func() {
			for r := range rows {
				for v, p := range to {
					m.Store(from.Load(r, v*vec), p, r*vec)
				}
			}
			from.Advance(step)
			for _, p := range to {
				m.AddImm(p, rows*vec)
			}
		})
		tail := arg("tail")
		m.IfMore(tail, 0, func() {
			for v, p := range to {
				mask := m.Mask(tail, v)
				for r := range rows {
					m.Store(from.LoadMasked(r, v*vec, mask), p, r*vec)
				}
			}
		})
		m.AddReg(src, arg("srcTile"))
		m.AddReg(dst, arg("dstTile"))
	})
	m.End()
}

func packName(m Machine, rows int) string { return fmt.Sprintf("%s%d", symbol("pack", m), rows) }

// packs emits the packing of all heights of panels.
func packs(m Machine) {
	var codes []string
	heights := m.ISA().Tiles.LanesCols
	for r := range slices.Max(heights[:]) {
		packLines(m, r+1)
		codes = append(codes, packName(m, r+1))
	}
	oneOf(m, symbol("pack", m), packParams, codes, "packs panels of rows for rule 7")
}
