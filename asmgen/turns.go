package main

import "fmt"

// The micro-kernels of rule 8 for few rows of A and a B that lies along k. A vector's number of its columns is
// transposed in registers, as many k at a time.

const turnParams = "code int, args *byte"

// turnFields are what such a tile needs to know, the fields of a turnArgs.
const turnFields = "k int, a *T, aRow, aCol, aNext, aBack int, b *T, bRow, bNext, bBack, bTile int, c *T, cRow, " +
	"tiles, width, scaled, accumulate, weighted int, alpha, beta T"

// turn emits a tile of groups of rows x 1 vector, whose sums are independent and hide each other's latency:
//
//	acc[r][g] = fma(a[r][k], b[k][g], acc[r][g]) from +0
//
// Groups are neighbours in C, and what becomes of them is as in chain. Or they are blocks of k, of whole vectors: then
// they are added in ascending order, to C if accumulate is not 0. The tile goes on to the next of so many to the right.
//
// Element (r, k) of a is aRow*r + aCol*k bytes from a on, element (k, j) of b k elements and bRow*j bytes from b on.
// When a group has done a vector's number of k, a has moved by as many aCol: aNext and bNext lead to the next group,
// aBack and bBack from the last to the first and its next k. From tile to tile b moves by bTile bytes. The last vector
// of C in a masked tile has width elements, of so many quarters of a vector if that is not 0; there is one such tile.
func turn(m Machine, rows, groups int, blocks bool, quarters int) {
	name, masked := turnName(m, rows, groups, blocks, quarters), quarters > 0
	what := fmt.Sprintf("%d vectors", groups)
	if blocks {
		what = fmt.Sprintf("1 vector, of %d blocks of k,", groups)
	}
	m.BeginLocal(name, turnParams, fmt.Sprintf("%s computes tiles of %d rows x %s by rule 8.", name, rows, what))
	arg := func(name string) Reg { return m.LoadWord(m.Arg("args"), argOf(m, turnFields, name)) }
	vec := m.ISA().VecBytes
	lanes := vec / m.ElemBytes()
	vecs := groups // of C
	if blocks {
		vecs = 1
	}
	tile := func() {
		var width Reg
		if masked {
			width = arg("width")
		}
		acc := zeros(m, rows*groups)
		a, aCol := m.ScalarRows(arg("a"), arg("aRow"), rows), arg("aCol")
		b, k := m.VectorRows(arg("b"), arg("bRow"), lanes), arg("k")
		multiply := func(load func(i int) Reg, step func(i int, f func())) {
			for g := range groups {
				columns := m.Transpose(each(lanes, func(i int) Reg {
					switch {
					case i == 0 || !masked || !blocks && g < groups-1:
						return load(i)
					case i >= quarters*lanes/4:
						return nil
					}
					row := m.Zero()
					m.IfMore(width, i, func() { m.Move(row, load(i)) })
					return row
				}))
				for i, column := range columns {
					step(i, func() {
						for r := range rows {
							a.FMA(acc[r*groups+g], r, column)
						}
					})
					a.Advance(aCol)
				}
				if g < groups-1 {
					a.Advance(arg("aNext"))
					b.Advance(arg("bNext"))
				}
			}
		}
		m.While("loop", k, lanes, func() {
			multiply(func(i int) Reg { return b.Load(i, 0) }, func(_ int, f func()) { f() })
			if groups > 1 {
				a.Advance(arg("aBack"))
			}
			b.Advance(arg("bBack"))
		})
		if !blocks {
			m.IfMore(k, 0, func() {
				mask := m.Mask(k, 0)
				multiply(func(i int) Reg { return b.LoadMasked(i, 0, mask) },
					func(i int, f func()) { m.IfMore(k, i, f) })
			})
		}
		out := output{m: m, rows: rows, vecs: vecs, arg: arg, c: arg("c"),
			scalar: func(name string) Reg { return m.Broadcast(m.Arg("args"), argOf(m, turnFields, name)) }}
		if masked {
			mask := m.Mask(width, 0)
			out.mask = &mask
		}
		if blocks {
			out.addBlocks(acc, groups)
		} else {
			out.update(acc)
		}
	}
	if masked {
		tile()
	} else {
		tiles := arg("tiles")
		m.While("tile", tiles, 1, func() {
			tile()
			m.IfMore(tiles, 1, func() { // no pointer may leave its matrix
				args, b, c := m.Arg("args"), arg("b"), arg("c")
				m.AddReg(b, arg("bTile"))
				m.StoreWord(b, args, argOf(m, turnFields, "b"))
				m.AddImm(c, vecs*vec)
				m.StoreWord(c, args, argOf(m, turnFields, "c"))
			})
		})
	}
	m.End()
}

func turnName(m Machine, rows, groups int, blocks bool, quarters int) string {
	name := fmt.Sprintf("%s%dx%d", symbol("turn", m), rows, groups)
	if blocks {
		name += "Blocks"
	}
	if quarters > 0 {
		name += fmt.Sprint("Masked", quarters)
	}
	return name
}

// turns emits all tiles, and the function that goes to one of them: see turnCode in gemm_turns.go.
func turns(m Machine) {
	t := m.ISA().Tiles
	codes, done := []string{}, map[string]bool{}
	emit := func(blocks bool, quarters int) {
		for i, most := range t.TurnRows {
			for r := range maxTurnRows {
				code := ""
				if r < most && (!blocks || i%2 == 1) { // 2 blocks or 4
					if code = turnName(m, r+1, i+1, blocks, quarters); !done[code] {
						turn(m, r+1, i+1, blocks, quarters)
						done[code] = true
					}
				}
				codes = append(codes, code)
			}
		}
	}
	emit(false, 0)
	emit(false, 4)
	emit(true, 0)
	for _, quarters := range t.TurnQuarters {
		emit(true, quarters)
	}
	oneOf(m, symbol("turn", m), turnParams, codes, "computes tiles of C by rule 8 of a B along k")
}
