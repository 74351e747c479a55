package main

import "fmt"

// Packing for products: panels that are k-major, of operands that are so already or that are not.

const copyParams = "code, k int, src *T, srcRow int, dst *T, dstRow, width int"

// copyRows emits a copy of k rows of vecs vectors, whose last has width elements if it is masked. dst gets whole
// vectors: what its rows do not cover is overwritten by the next, and the last one needs room.
func copyRows(m Machine, vecs int, masked bool) {
	name := copyName(m, vecs, masked)
	m.BeginLocal(name, copyParams, fmt.Sprintf("%s copies rows of %d vectors.", name, vecs))
	k, src, srcRow, dst, dstRow := m.Arg("k"), m.Arg("src"), m.Arg("srcRow"), m.Arg("dst"), m.Arg("dstRow")
	var mask Mask
	if masked {
		mask = m.Mask(m.Arg("width"), 0)
	}
	vec := m.ISA().VecBytes
	m.While("loop", k, 1, func() {
		for j := range vecs {
			if masked && j == vecs-1 {
				m.Store(m.LoadMasked(src, j*vec, mask), dst, j*vec)
			} else {
				m.Store(m.Load(src, j*vec), dst, j*vec)
			}
		}
		m.AddReg(src, srcRow)
		m.AddReg(dst, dstRow)
	})
	m.End()
}

func copyName(m Machine, vecs int, masked bool) string {
	name := fmt.Sprintf("%s%d", symbol("copy", m), vecs)
	if masked {
		name += "Masked"
	}
	return name
}

// copies emits the copies of all widths of tiles.
func copies(m Machine) {
	var codes []string
	for v := range m.ISA().Tiles.CopyVecs {
		for _, masked := range []bool{false, true} {
			copyRows(m, v+1, masked)
			codes = append(codes, copyName(m, v+1, masked))
		}
	}
	oneOf(m, symbol("copy", m), copyParams, codes, "copies rows of whole vectors")
}

const transposeParams = "k int, rows **T, srcGroup int, dst *T, dstRow, dstGroup, groups int"

// transpose emits the transposition of k elements of each of as many rows as a vector has elements: dst gets k vectors,
// dstRow bytes apart. The first group of rows lies anywhere, those of the next of so many groups srcGroup bytes behind
// them, and what they give dstGroup bytes.
func transpose(m Machine) {
	name := symbol("transpose", m)
	m.Begin(name, transposeParams,
		name+" transposes k elements of each of a vector's number of rows, group by group.")
	rows, dst, dstRow, groups := m.Arg("rows"), m.Arg("dst"), m.Arg("dstRow"), m.Arg("groups")
	from := m.Int(0) // bytes from the first group's rows
	n := m.ISA().VecBytes / m.ElemBytes()
	m.While("group", groups, 1, func() {
		k, at, to := m.Arg("k"), m.Copy(from), m.Copy(dst)
		row := func(i int) Reg {
			p := m.LoadWord(rows, 8*i)
			m.AddReg(p, at)
			return p
		}
		columns := func(load func(p Reg) Reg) []Reg {
			return m.Transpose(each(n, func(i int) Reg { return load(row(i)) }))
		}
		store := func(column Reg) {
			m.Store(column, to, 0)
			m.AddReg(to, dstRow)
		}
		m.While("loop", k, n, func() {
			for _, column := range columns(func(p Reg) Reg { return m.Load(p, 0) }) {
				store(column)
			}
			m.AddImm(at, m.ISA().VecBytes)
		})
		last := func(columns []Reg) {
			for i, column := range columns {
				m.IfMore(k, i, func() { store(column) })
			}
		}
		masked := func() {
			mask := m.Mask(k, 0)
			last(columns(func(p Reg) Reg { return m.LoadMasked(p, 0, mask) }))
		}
		if short, ok := m.(piecewise); ok {
			step := 16 / m.ElemBytes()
			m.IfMore(k, n-step, func() { // in one, and nothing is left
				masked()
				m.AddImm(k, -n)
			})
			m.While("piece", k, step, func() {
				for _, column := range short.Pieces(nil, row) {
					store(column)
				}
				m.AddImm(at, 16)
			})
			m.IfMore(k, 0, func() { last(short.Pieces(k, row)) })
		} else {
			m.IfMore(k, 0, masked)
		}
		m.AddReg(from, m.Arg("srcGroup"))
		m.AddReg(dst, m.Arg("dstGroup"))
	})
	m.End()
}
