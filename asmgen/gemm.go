package main

import "fmt"

// The micro-kernels of products. Package bitstep packs, blocks and spreads (gemm.go there); a tile
// holds one piece of the output in registers while k runs.

// chain emits a tile of rule 8: rows x vecs vectors of C, for k steps,
//
//	acc[r][j] = fma(a[k][r], b[k][j], acc[r][j]) from +0
//
// then C = acc if accumulate is 0, else C = C + acc.
//
//	func(k int, a, b *T, ldb int, c *T, ldc, accumulate int)
//
// a is packed k-major, rows elements for each k; b's and c's rows are ldb and ldc elements apart.
func chain(m Machine, name string, rows, vecs int) {
	m.Begin(symbol(name, m), "k int, a, b *T, ldb int, c *T, ldc, accumulate int",
		fmt.Sprintf("%s computes %d x %d elements of C by rule 8.", symbol(name, m), rows, vecs*lanesOf(m)))
	k, a, b, ldb := m.Arg("k"), m.Arg("a"), m.Arg("b"), m.Arg("ldb")
	c, ldc, accumulate := m.Arg("c"), m.Arg("ldc"), m.Arg("accumulate")
	m.Shift(ldb, log2(m.ElemBytes()))
	m.Shift(ldc, log2(m.ElemBytes()))
	acc := zeros(m, rows*vecs)
	for _, unroll := range []int{4, 1} {
		m.While(fmt.Sprintf("loop%dx", unroll), k, unroll, func() {
			m.Comment("acc[r][j] = fma(a[k][r], b[k][j], acc[r][j])")
			for u := range unroll {
				ar := func(r int) Reg { return m.Broadcast(a, (u*rows+r)*m.ElemBytes()) }
				br := func(j int) Reg { return m.Load(b, j*m.ISA().VecBytes) }
				if rows == 1 { // a tile of one row has no registers left to hold a row of b
					a0 := ar(0)
					for j := range vecs {
						m.FMA(acc[j], a0, br(j))
					}
					m.AddReg(b, ldb)
					continue
				}
				var held []Reg
				for j := range vecs {
					held = append(held, br(j))
				}
				m.AddReg(b, ldb)
				for r := range rows {
					a0 := ar(r)
					for j := range vecs {
						m.FMA(acc[r*vecs+j], a0, held[j])
					}
				}
			}
			m.AddImm(a, unroll*rows*m.ElemBytes())
		})
	}
	store := func(accumulate bool) func() {
		return func() {
			c := m.Copy(c)
			for r := range rows {
				for j := range vecs {
					sum := acc[r*vecs+j]
					if accumulate {
						sum = m.Add(m.Load(c, j*m.ISA().VecBytes), sum)
					}
					m.Store(sum, c, j*m.ISA().VecBytes)
				}
				if r < rows-1 {
					m.AddReg(c, ldc)
				}
			}
		}
	}
	m.IfZero(accumulate, store(false), store(true))
	m.End()
}

// lanes emits a tile of rule 7: the lanes of rows x cols striped sums, for whole lines of k,
//
//	acc[r][c] = fma(a[line][r], b[c][line], acc[r][c])
//
//	func(lines int, a, b *T, ldb int, acc *T)
//
// a is packed line-major, rows lines for each line of k; b's rows are ldb elements apart; acc holds a
// line of lanes for each r, c. One call does vecs vectors of every line. The caller makes
// 64/(vecs*VecBytes) calls, all three pointers moved along by vecs*VecBytes each time.
func lanes(m Machine, name string, rows, cols, vecs int) {
	m.Begin(symbol(name, m), "lines int, a, b *T, ldb int, acc *T",
		fmt.Sprintf("%s continues the lanes of %d x %d sums by rule 7, %d of a line's %d bytes.", symbol(name, m),
			rows, cols, vecs*m.ISA().VecBytes, lineBytes))
	lines, a, b0, ldb, out := m.Arg("lines"), m.Arg("a"), m.Arg("b"), m.Arg("ldb"), m.Arg("acc")
	m.Shift(ldb, log2(m.ElemBytes()))
	b := []Reg{b0}
	for len(b) < cols {
		next := m.Copy(b[len(b)-1])
		m.AddReg(next, ldb)
		b = append(b, next)
	}
	var acc []Reg
	for i := range rows * cols {
		for v := range vecs {
			acc = append(acc, m.Load(out, i*lineBytes+v*m.ISA().VecBytes))
		}
	}
	m.While("loop", lines, 1, func() {
		m.Comment("acc[r][c] = fma(a[line][r], b[c][line], acc[r][c])")
		for v := range vecs {
			as := func(r int) Reg { return m.Load(a, r*lineBytes+v*m.ISA().VecBytes) }
			bs := func(c int) Reg { return m.Load(b[c], v*m.ISA().VecBytes) }
			// The operand that fewer accumulators share is loaded when its turn comes.
			if rows == 1 {
				ar := as(0)
				for c := range cols {
					m.FMA(acc[c*vecs+v], ar, bs(c))
				}
				continue
			}
			var held []Reg
			for c := range cols {
				held = append(held, bs(c))
			}
			for r := range rows {
				ar := as(r)
				for c := range cols {
					m.FMA(acc[(r*cols+c)*vecs+v], ar, held[c])
				}
			}
		}
		m.AddImm(a, rows*lineBytes)
		for c := range cols {
			m.AddImm(b[c], lineBytes)
		}
	})
	for i := range rows * cols {
		for v := range vecs {
			m.Store(acc[i*vecs+v], out, i*lineBytes+v*m.ISA().VecBytes)
		}
	}
	m.End()
}

// fold emits the fold by halves of n lines of lanes into n sums, n a multiple of the 16 bytes' elements:
//
//	func(n int, out, acc *T)
func fold(m Machine, name string) {
	m.Begin(symbol(name, m), "n int, out, acc *T",
		symbol(name, m)+" folds n lines of lanes by halves, rule 7.")
	n, out, acc := m.Arg("n"), m.Arg("out"), m.Arg("acc")
	group := 16 / m.ElemBytes()
	m.While("loop", n, group, func() {
		var quads []Reg
		for i := range group {
			var line []Reg
			for off := 0; off < lineBytes; off += m.ISA().VecBytes {
				line = append(line, m.Load(acc, i*lineBytes+off))
			}
			quads = append(quads, m.Fold128(line))
		}
		halve := func(a, b Reg) Reg { return m.Add128(m.Lo(a, b), m.Hi(a, b)) }
		sums := halve(quads[0], quads[1])
		if group == 4 {
			high := halve(quads[2], quads[3])
			sums = m.Add128(m.Even(sums, high), m.Odd(sums, high))
		}
		m.Store128(sums, out, 0)
		m.AddImm(acc, group*lineBytes)
		m.AddImm(out, 16)
	})
	m.End()
}

func zeros(m Machine, n int) []Reg {
	var regs []Reg
	for range n {
		regs = append(regs, m.Zero())
	}
	return regs
}

func log2(n int) uint {
	s := uint(0)
	for ; n > 1; n >>= 1 {
		s++
	}
	return s
}
