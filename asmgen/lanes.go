package main

import "fmt"

// The micro-kernels of rule 7: the lanes of tiles of striped sums, and their folds.

const lanesParams = "code, lines int, a *T, aRow, aLine int, b *T, bRow, bLine, bTile int, " +
	"acc *T, accRow, tiles, first, tail int"

// lanes emits a tile of rows x cols striped sums, for whole lines of k,
//
//	acc[r][c] = fma(a[r][line], b[c][line], acc[r][c])
//
// and for the tail elements of a last line; lanes that it does not reach do not change. It goes on to the next of so
// many tiles to the right.
//
// Row r of line l is aRow*r + aLine*l bytes from a on; b likewise, and from tile to tile bTile bytes. acc has a line of
// lanes for each r, c, its rows accRow bytes apart, which are +0 to begin with if first is not 0. One call does vecs
// vectors of every line; the caller makes 64/(vecs*VecBytes) calls, all three pointers moved along by vecs*VecBytes
// each time.
func lanes(m Machine, rows, cols, vecs int) {
	name := lanesName(m, rows, cols, vecs)
	m.BeginLocal(name, lanesParams,
		fmt.Sprintf("%s continues the lanes of tiles of %d x %d sums by rule 7, %d of a line's %d bytes.", name,
			rows, cols, vecs*m.ISA().VecBytes, lineBytes))
	b, acc, tiles := m.Arg("b"), m.Arg("acc"), m.Arg("tiles")
	vec := m.ISA().VecBytes
	m.While("tile", tiles, 1, func() {
		var sums []Reg
		for range rows * cols * vecs {
			sums = append(sums, m.Vector())
		}
		each := func(f func(sum, p Reg, off int)) {
			p, accRow := m.Copy(acc), m.Arg("accRow")
			for r := range rows {
				for c := range cols {
					for v := range vecs {
						f(sums[(r*cols+c)*vecs+v], p, c*lineBytes+v*vec)
					}
				}
				if r < rows-1 {
					m.AddReg(p, accRow)
				}
			}
		}
		m.IfZero(m.Arg("first"),
			func() { each(func(sum, p Reg, off int) { m.LoadTo(sum, p, off) }) },
			func() {
				for _, sum := range sums {
					m.SetZero(sum)
				}
			})
		as, aLine := m.VectorRows(m.Arg("a"), m.Arg("aRow"), rows), m.Arg("aLine")
		bs, bLine := m.VectorRows(m.Copy(b), m.Arg("bRow"), cols), m.Arg("bLine")
		m.While("loop", m.Arg("lines"), 1, func() {
			m.Comment("acc[r][c] = fma(a[r][line], b[c][line], acc[r][c])")
			for v := range vecs {
				pairs(rows, cols,
					func(r int) Reg { return as.Load(r, v*vec) }, func(c int) Reg { return bs.Load(c, v*vec) },
					func(r, c int, x, y Reg) { m.FMA(sums[(r*cols+c)*vecs+v], x, y) })
			}
			as.Advance(aLine)
			bs.Advance(bLine)
		})
		tail := m.Arg("tail")
		m.IfMore(tail, 0, func() {
			for v := range vecs {
				mask := m.Mask(tail, v)
				for c := range cols {
					y := bs.LoadMasked(c, v*vec, mask)
					for r := range rows {
						m.FMAMasked(sums[(r*cols+c)*vecs+v], as.LoadMasked(r, v*vec, mask), y, mask)
					}
				}
			}
		})
		each(func(sum, p Reg, off int) { m.Store(sum, p, off) })
		m.AddReg(b, m.Arg("bTile"))
		m.AddImm(acc, cols*lineBytes)
	})
	m.End()
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

func lanesName(m Machine, rows, cols, vecs int) string {
	name := fmt.Sprintf("%s%dx%d", symbol("lanes", m), rows, cols)
	if vecs > 1 {
		name += "Whole"
	}
	return name
}

// allLanes emits all tiles, those of one row with whole lines last, and the function that goes to one of them by its
// place in the table: see lanesCode in gemm_lanes.go.
func allLanes(m Machine) {
	var codes []string
	emit := func(rows, cols, vecs int) {
		lanes(m, rows, cols, vecs)
		codes = append(codes, lanesName(m, rows, cols, vecs))
	}
	t := m.ISA().Tiles
	for i, cols := range t.LanesCols {
		for c := range cols {
			emit(i+1, c+1, 1)
		}
	}
	if vecs := lineBytes / m.ISA().VecBytes; vecs > 1 {
		for c := range t.WholeCols {
			emit(1, c+1, vecs)
		}
	}
	oneOf(m, symbol("lanes", m), lanesParams, codes, "continues the lanes of tiles of striped sums by rule 7")
}

const foldParams = "n int, out, acc *T, step int"

// fold emits the fold by halves of n lines of lanes into n sums, the lines step bytes apart. Lines up to the next
// multiple of a vector's elements are read as well.
func fold(m Machine) {
	name := symbol("fold", m)
	m.Begin(name, foldParams, name+" folds n lines of lanes by halves, rule 7.")
	n, out, acc, step := m.Arg("n"), m.Arg("out"), m.Arg("acc"), m.Arg("step")
	group := m.ISA().VecBytes / m.ElemBytes()
	next := m.Copy(step)
	m.Shift(next, log2(group))
	sums := func() Reg {
		lines := m.VectorRows(m.Copy(acc), step, group)
		return m.FoldLines(func(n, i int) Reg { return lines.Load(n, i*m.ISA().VecBytes) })
	}
	m.While("loop", n, group, func() {
		m.Store(sums(), out, 0)
		m.AddReg(acc, next)
		m.AddImm(out, m.ISA().VecBytes)
	})
	m.IfMore(n, 0, func() { m.StoreMasked(sums(), out, 0, m.Mask(n, 0)) })
	m.End()
}
