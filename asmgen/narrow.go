package main

import "fmt"

// The micro-kernels of rule 8 for a C of few columns and operands as they are stored. A vector consists of parts, each
// the columns of another row of C, so that it is full.

// A partwise Machine has vectors of 2 parts, or 4, which are 16 bytes or more.
type partwise interface {
	Machine

	// LoadParts fills each part with 16 bytes of its own row, of n rows from first on; the others do not matter. Unless
	// the mask is nil only its elements are there.
	LoadParts(rows RowsInPlace, first, n, parts, off int, mask *Mask) Reg
	// Repeat is what lies at p, as long as a part, in each part. The mask is as above.
	Repeat(p Reg, parts int, mask *Mask) Reg
	// Spread is element i of every 16 bytes in all of their lanes.
	Spread(v Reg, i int) Reg
	// Part begins with part i, and it does not matter how it goes on.
	Part(v Reg, i, parts int) Reg
}

// gemmBlock is how many k a block has, kernels.GemmBlock.
const gemmBlock = 256

const narrowParams = "code int, args *byte"

// narrowFields are what such a tile needs to know, the fields of a narrowArgs.
const narrowFields = "k int, a *T, aRow int, b *T, bRow int, c *T, cRow, turns, width, scaled, accumulate, " +
	"weighted int, alpha, beta T"

// narrow emits a tile of rows and as many columns as a part has lanes, or if it is masked of fewer, width of them:
//
//	acc[r][j] = fma(a[r][k], b[k][j], acc[r][j]) from +0
//
// for k steps, and then what chain does with sums. Or it does so for two blocks of k at once, whose sums hide each
// other's latency, adds these in ascending order, to C if accumulate is not 0, and goes on with the next two, of so
// many turns, which it adds to C. Rows are aRow, bRow and cRow bytes apart.
func narrow(m partwise, rows, parts, blocks int, masked bool) {
	name, what := narrowName(m, rows, parts, blocks, masked), ""
	if blocks > 1 {
		what += fmt.Sprintf(", %d blocks of k at a time,", blocks)
	}
	if masked {
		what += ", of masked columns,"
	}
	m.BeginLocal(name, narrowParams,
		fmt.Sprintf("%s computes tiles of %d rows, %d in a vector,%s by rule 8.", name, rows, parts, what))
	arg := func(name string) Reg { return m.LoadWord(m.Arg("args"), argOf(m, narrowFields, name)) }
	per := 16 / m.ElemBytes() // k at a time
	vecs := (rows + parts - 1) / parts
	of := func(v int) int { return min(parts, rows-v*parts) } // rows in a vector
	tile := func() {
		var mask *Mask
		if masked {
			columns := m.Mask(arg("width"), 0)
			mask = &columns
		}
		acc := zeros(m, blocks*vecs)
		rowsA, bRow, k := m.VectorRows(arg("a"), arg("aRow"), rows), arg("bRow"), arg("k")
		bs := []Reg{arg("b")}
		if blocks > 1 {
			block := m.Copy(bRow)
			m.Shift(block, log2(gemmBlock))
			m.AddReg(block, bs[0])
			bs = append(bs, block)
		}
		column := func(block int) Reg {
			x := m.Repeat(bs[block], parts, mask)
			m.AddReg(bs[block], bRow)
			return x
		}
		next := m.Int(per * m.ElemBytes())
		m.While("loop", k, per, func() {
			m.Comment("acc[r][j] = fma(a[r][k], b[k][j], acc[r][j])")
			for block := range blocks {
				xs := each(per, func(int) Reg { return column(block) })
				for v := range vecs {
					w := m.LoadParts(rowsA, v*parts, of(v), parts, block*gemmBlock*m.ElemBytes(), nil)
					for i, x := range xs {
						m.FMA(acc[block*vecs+v], m.Spread(w, i), x)
					}
				}
			}
			rowsA.Advance(next)
		})
		if blocks == 1 { // of less than 256 k, perhaps
			element := m.Int(m.ElemBytes())
			one := m.Mask(m.Int(1), 0)
			m.While("tail", k, 1, func() {
				x := column(0)
				for v := range vecs {
					w := m.LoadParts(rowsA, v*parts, of(v), parts, 0, &one)
					m.FMA(acc[v], m.Spread(w, 0), x)
				}
				rowsA.Advance(element)
			})
		}
		c, cRow := arg("c"), arg("cRow")
		columns := m.Mask(arg("width"), 0)
		for v := range vecs {
			sums := each(of(v)*blocks, func(i int) Reg { return m.Part(acc[i%blocks*vecs+v], i/blocks, parts) })
			out := output{m: m, rows: of(v), vecs: 1, c: m.Copy(c), mask: &columns, arg: arg,
				scalar: func(name string) Reg { return m.Broadcast(m.Arg("args"), argOf(m, narrowFields, name)) }}
			if blocks > 1 {
				out.addBlocks(sums, blocks)
			} else {
				out.update(sums)
			}
			if v < vecs-1 {
				for range parts {
					m.AddReg(c, cRow)
				}
			}
		}
	}
	if blocks == 1 {
		tile()
	} else {
		turns := arg("turns")
		m.While("turn", turns, 1, func() {
			tile()
			m.IfMore(turns, 1, func() { // no pointer may leave its matrix
				args, a, b, turn := m.Arg("args"), arg("a"), arg("b"), arg("bRow")
				m.AddImm(a, blocks*gemmBlock*m.ElemBytes())
				m.StoreWord(a, args, argOf(m, narrowFields, "a"))
				m.Shift(turn, log2(blocks*gemmBlock))
				m.AddReg(b, turn)
				m.StoreWord(b, args, argOf(m, narrowFields, "b"))
				m.StoreWord(m.Int(1), args, argOf(m, narrowFields, "accumulate"))
			})
		})
	}
	m.End()
}

func narrowName(m Machine, rows, parts, blocks int, masked bool) string {
	name := fmt.Sprintf("%s%dx%d", symbol("narrow", m), rows, parts)
	if blocks > 1 {
		name += "Blocks"
	}
	if masked {
		name += "Masked"
	}
	return name
}

// narrows emits all tiles, and the function that goes to one of them: see narrowCode in gemm_narrow.go.
func narrows(m Machine) {
	of, ok := m.(partwise)
	if !ok {
		return
	}
	var codes []string
	for _, masked := range []bool{false, true} {
		for blocks := 1; blocks <= 2; blocks++ {
			for i, most := range m.ISA().Tiles.NarrowRows[blocks-1] {
				for r := range maxNarrowRows {
					code := ""
					if parts := 2 << i; r < most {
						narrow(of, r+1, parts, blocks, masked)
						code = narrowName(m, r+1, parts, blocks, masked)
					}
					codes = append(codes, code)
				}
			}
		}
	}
	oneOf(m, symbol("narrow", m), narrowParams, codes, "computes tiles of a C of few columns by rule 8")
}
