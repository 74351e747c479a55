package main

import "fmt"

// The micro-kernels of rule 8. Package bitstep packs, blocks and spreads (gemm.go there); a tile holds one piece of
// the output in registers while k runs.

const chainParams = "code int, args *byte"

// chainFields are what a tile needs to know, the fields of a chainArgs.
const chainFields = "k int, a *T, aRow, aCol, aPanel int, b *T, bRow, bTile int, c *T, cRow, cPanel int, " +
	"panels, tiles, width, scaled, accumulate, weighted, continues int, packed *T, ahead, aheadSkip, aheadRow int, " +
	"next *T, nextTile, nextStep int, alpha, beta T"

// chain emits a tile of rows x vecs vectors of C, for k steps,
//
//	acc[r][j] = fma(a[r][k], b[k][j], acc[r][j]) from +0, or from C if continues is not 0
//
// then acc = alpha*acc if scaled is not 0, then C = acc if accumulate is 0, or else C = C + acc, or C = beta*C + acc
// if weighted is not 0. It goes on to the next of so many tiles to the right, and to so many panels of as many rows
// below.
//
// Element (r, k) of a is aRow*r + aCol*k bytes from a on: packed, transposed or neither. b's rows are bRow bytes
// apart, c's cRow; from tile to tile b moves by bTile bytes, from panel to panel a and c by aPanel and cPanel. The
// last vector of a masked tile has width elements; there is one such tile in a panel. A tile that leads, of one panel,
// fetches lines for a later tile with each k, as many as it reads of a row of b: rows of b that are far apart are not
// what hardware prefetches. The first are ahead bytes from b's, and they move on as b's rows do; but where a turn of
// the loop has several k, by aheadRow bytes with its last and by aheadSkip with others. A tile that packs
// stores what it reads of b to packed, tile after tile; it leads, too, unless it fetches rows of a list.
//
// A tile of columns computes those of C for two operands that are both transposed, C' = B*A: its a is B and its b is A,
// as they are stored. A row of its sums is width elements of a column of C, and they are transposed before they are
// stored; C's rows are cRow bytes apart here, too. Panels of more columns follow to the right. No sum starts from C.
//
// A tile that fetches, of one panel too, does so for what is to be read after the product, as many lines of the cache
// with each k as b's row has in the tile, and once more: see fetching.
func chain(m Machine, rows, vecs int, kind chainKind) {
	name, what := chainName(m, rows, vecs, kind), ""
	masked, packs := kind == maskedChain || kind == columnsChain, kind == packingChain || kind == bothChain
	fetches, leads := kind == fetchingChain || kind == bothChain, kind == packingChain || kind == leadingChain
	switch {
	case kind == columnsChain:
		what = ", transposed,"
	case masked:
		what = ", the last not whole,"
	case packs && fetches:
		what = ", packs b and fetches"
	case packs:
		what = " and packs b"
	case fetches:
		what = " and fetches"
	case leads:
		what = " and fetches b's later columns"
	}
	m.BeginLocal(name, chainParams,
		fmt.Sprintf("%s computes tiles of %d rows x %d vectors%s by rule 8.", name, rows, vecs, what))
	args := m.Arg("args") // again after each loop, which needs its register
	arg := func(name string) Reg { return m.LoadWord(args, argOf(m, chainFields, name)) }
	scalar := func(name string) Reg { return m.Broadcast(args, argOf(m, chainFields, name)) }
	move := func(name, by string) {
		sum := arg(name)
		m.AddReg(sum, arg(by))
		m.StoreWord(sum, args, argOf(m, chainFields, name))
	}
	var packed Reg
	if packs {
		packed = arg("packed")
	}
	vec := m.ISA().VecBytes
	tile := func(b, c Reg) {
		var mask Mask
		if masked {
			mask = m.Mask(arg("width"), 0)
		}
		load := func(p Reg, j int) Reg {
			if masked && j == vecs-1 {
				return m.LoadMasked(p, j*vec, mask)
			}
			return m.Load(p, j*vec)
		}
		if kind != columnsChain {
			m.IfMore(arg("k"), shortK, func() {
				line, cRow := m.Copy(c), arg("cRow")
				for r := range rows {
					m.Prefetch(line)
					if r < rows-1 {
						m.AddReg(line, cRow)
					}
				}
			})
		}
		acc := zeros(m, rows*vecs)
		continues := func() {
			p, cRow := m.Copy(c), arg("cRow")
			for r := range rows {
				for j := range vecs {
					m.Move(acc[r*vecs+j], load(p, j))
				}
				if r < rows-1 {
					m.AddReg(p, cRow)
				}
			}
		}
		if kind != columnsChain {
			m.IfMore(arg("continues"), 0, continues)
		}
		a, aCol := m.ScalarRows(arg("a"), arg("aRow"), rows), arg("aCol")
		bk := b
		if !masked && kind != bothChain { // another tile follows
			bk = m.Copy(b)
		}
		bRow, k := arg("bRow"), arg("k")
		var ahead Reg
		aheadSkip, aheadRow := bRow, bRow
		var fetch func()
		switch {
		case fetches:
			fetch = fetching(m, (vecs*vec+lineBytes-1)/lineBytes)
		case leads:
			ahead = m.Copy(bk)
			m.AddReg(ahead, arg("ahead"))
			if m.ISA().Tiles.Unroll > 1 {
				aheadSkip, aheadRow = arg("aheadSkip"), arg("aheadRow")
			}
		}
		for _, unroll := range unrolls(m) {
			m.While(fmt.Sprintf("loop%dx", unroll), k, unroll, func() {
				m.Comment("acc[r][j] = fma(a[r][k], b[k][j], acc[r][j])")
				for i := range unroll {
					switch {
					case fetches:
						fetch()
					case leads:
						for off := 0; off < vecs*vec; off += lineBytes {
							m.PrefetchNext(ahead, off)
						}
						if i < unroll-1 {
							m.AddReg(ahead, aheadSkip)
						} else {
							m.AddReg(ahead, aheadRow)
						}
					}
					column := func(j int) Reg { return load(bk, j) }
					if packs {
						column = func(j int) Reg {
							v := load(bk, j)
							m.Store(v, packed, j*vec)
							return v
						}
					}
					if vecs == 1 {
						v := column(0)
						for r := range rows {
							a.FMA(acc[r], r, v)
						}
					} else {
						pairs(rows, vecs, a.Scalar, column,
							func(r, j int, x, y Reg) { m.FMAScalar(acc[r*vecs+j], x, y) })
					}
					a.Advance(aCol)
					m.AddReg(bk, bRow)
					if packs {
						m.AddImm(packed, vecs*vec)
					}
				}
			})
		}
		if fetches {
			fetch()
		}
		args = m.Arg("args")
		out := output{m: m, rows: rows, vecs: vecs, c: c, arg: arg, scalar: scalar}
		if kind == columnsChain {
			out.updateColumns(acc, arg("width"))
			return
		}
		if masked {
			out.mask = &mask
		}
		out.update(acc)
	}
	panel := func() {
		args = m.Arg("args")
		c := arg("c")
		if masked {
			tile(arg("b"), c)
			return
		}
		var b Reg
		if kind != bothChain {
			b = arg("b")
		}
		tiles := arg("tiles")
		m.While("tile", tiles, 1, func() {
			args = m.Arg("args")
			if kind == bothChain { // registers are few
				tile(arg("b"), c)
				m.IfMore(tiles, 1, func() { move("b", "bTile") }) // as below
			} else {
				tile(b, c)
				m.AddReg(b, arg("bTile"))
			}
			m.AddImm(c, vecs*vec)
		})
	}
	if packs || fetches || leads {
		panel()
	} else {
		panels := arg("panels")
		m.While("panel", panels, 1, func() {
			panel()
			m.IfMore(panels, 1, func() { // no pointer may leave its matrix
				move("a", "aPanel")
				move("c", "cPanel")
			})
		})
	}
	m.End()
}

// shortK is up to how many k a tile does not fetch its rows of C: that took 2 to 10% of the time of small products, and
// gained nothing with more (Zen 5).
const shortK = 40

// fetching returns what fetches so many lines from a pointer on and moves it on by nextStep bytes: a tile's pointer,
// nextTile bytes behind next. nextTile moves on to that of the next tile. next itself does not: behind the last one
// there may be nothing that Go's garbage collector knows.
func fetching(m Machine, lines int) func() {
	args := m.Arg("args")
	arg := func(name string) Reg { return m.LoadWord(args, argOf(m, chainFields, name)) }
	next, tile := arg("next"), arg("nextTile")
	m.AddReg(next, tile)
	m.AddImm(tile, 8)
	m.StoreWord(tile, args, argOf(m, chainFields, "nextTile"))
	line, step := m.LoadWord(next, 0), arg("nextStep")
	return func() {
		for i := range lines {
			m.PrefetchLater(line, i*lineBytes)
		}
		m.AddReg(line, step)
	}
}

// An output is the rows of C in a tile of so many vectors, of which the last has a mask or nil.
type output struct {
	m          Machine
	rows, vecs int
	c          Reg
	mask       *Mask
	arg        func(name string) Reg
	scalar     func(name string) Reg
}

func (o *output) load(p Reg, j int) Reg {
	if off := j * o.m.ISA().VecBytes; o.mask == nil || j < o.vecs-1 {
		return o.m.Load(p, off)
	} else {
		return o.m.LoadMasked(p, off, *o.mask)
	}
}

// each calls f for every vector; p is the pointer to its row.
func (o *output) each(f func(i int, p Reg, j int)) {
	p, cRow := o.m.Copy(o.c), o.arg("cRow")
	for r := range o.rows {
		for j := range o.vecs {
			f(r*o.vecs+j, p, j)
		}
		if r < o.rows-1 {
			o.m.AddReg(p, cRow)
		}
	}
}

// update makes C what becomes of the sums: acc or, if scaled is not 0, alpha*acc; if accumulate is not 0, C + that, or
// beta*C + that if weighted is not 0 either.
func (o *output) update(acc []Reg) {
	m := o.m
	o.scale(acc)
	store := func(sum func(acc Reg, p Reg, j int) Reg) func() {
		return func() { o.store(acc, sum) }
	}
	sums := store(func(acc, _ Reg, _ int) Reg { return acc })
	if o.mask != nil && o.vecs == 1 { // storeLast stores all
		sums = func() {}
	}
	m.IfZero(o.arg("accumulate"), sums, func() {
		m.IfZero(o.arg("weighted"),
			store(func(acc, p Reg, j int) Reg { return m.Add(o.load(p, j), acc) }),
			func() {
				beta := o.scalar("beta")
				store(func(acc, p Reg, j int) Reg { return m.Add(m.Mul(beta, o.load(p, j)), acc) })()
			})
	})
	o.storeLast(acc)
}

// scale multiplies sums by alpha if scaled is not 0.
func (o *output) scale(acc []Reg) {
	o.m.IfMore(o.arg("scaled"), 0, func() {
		alpha := o.scalar("alpha")
		for i := range acc {
			o.m.Move(acc[i], o.m.Mul(alpha, acc[i]))
		}
	})
}

// updateColumns is update of sums of which each vector is a column of C, of so many rows.
func (o *output) updateColumns(acc []Reg, rows Reg) {
	m := o.m
	o.scale(acc)
	vec := m.ISA().VecBytes
	lanes := vec / m.ElemBytes()
	var columns [][]Reg // of vectors of C
	var last *Mask      // of the last vector, if it is not whole
	for first := 0; first < len(acc); first += lanes {
		n := min(lanes, len(acc)-first)
		columns = append(columns, m.Transpose(each(lanes, func(i int) Reg {
			if quarter := i / (lanes / 4) * (lanes / 4); quarter >= n {
				return nil
			}
			return acc[first+min(i, n-1)]
		})))
		if n < lanes {
			mask := m.Mask(m.Int(n), 0)
			last = &mask
		}
	}
	store := func(sum func(v Reg, c func() Reg) Reg) func() {
		return func() {
			p, cRow := m.Copy(o.c), o.arg("cRow")
			var from func(i int) // row i and those below
			from = func(i int) {
				for j, column := range columns {
					load := func() Reg { return m.Load(p, j*vec) }
					if last == nil || j < len(columns)-1 {
						m.Store(sum(column[i], load), p, j*vec)
						continue
					}
					load = func() Reg { return m.LoadMasked(p, j*vec, *last) }
					m.StoreMasked(sum(column[i], load), p, j*vec, *last)
				}
				if i < lanes-1 {
					m.IfMore(rows, i+1, func() {
						m.AddReg(p, cRow)
						from(i + 1)
					})
				}
			}
			from(0)
		}
	}
	m.IfZero(o.arg("accumulate"), store(func(v Reg, _ func() Reg) Reg { return v }), func() {
		m.IfZero(o.arg("weighted"),
			store(func(v Reg, c func() Reg) Reg { return m.Add(c(), v) }),
			func() {
				beta := o.scalar("beta")
				store(func(v Reg, c func() Reg) Reg { return m.Add(m.Mul(beta, c()), v) })()
			})
	})
}

// store stores a sum for each vector of acc. Those that are not whole it leaves there for storeLast.
func (o *output) store(acc []Reg, sum func(acc Reg, p Reg, j int) Reg) {
	o.each(func(i int, p Reg, j int) {
		if v := sum(acc[i], p, j); o.mask == nil || j < o.vecs-1 {
			o.m.Store(v, p, j*o.m.ISA().VecBytes)
		} else {
			o.m.Move(acc[i], v)
		}
	})
}

func (o *output) storeLast(acc []Reg) {
	if o.mask == nil {
		return
	}
	p := o.c
	if o.vecs > 1 {
		p = o.m.Copy(o.c)
		o.m.AddImm(p, (o.vecs-1)*o.m.ISA().VecBytes)
	}
	last := each(o.rows, func(r int) Reg { return acc[r*o.vecs+o.vecs-1] })
	o.m.StoreRowsMasked(last, p, o.arg("cRow"), *o.mask)
}

// addBlocks makes C the sum of so many blocks' sums, in ascending order, and if accumulate is not 0 of what it was,
// which comes first. A tile has one vector.
func (o *output) addBlocks(acc []Reg, blocks int) {
	sums := each(o.rows, func(r int) Reg { return acc[r*blocks] })
	o.m.IfMore(o.arg("accumulate"), 0, func() {
		o.each(func(i int, p Reg, j int) { o.m.Move(sums[i], o.m.Add(o.load(p, j), sums[i])) })
	})
	for r, sum := range sums {
		for _, next := range acc[r*blocks+1 : (r+1)*blocks] {
			o.m.Move(sum, o.m.Add(sum, next))
		}
	}
	o.store(sums, func(sum, _ Reg, _ int) Reg { return sum })
	o.storeLast(sums)
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
	plainChain    chainKind = ""
	packingChain  chainKind = "Pack"
	fetchingChain chainKind = "Fetch"
	bothChain     chainKind = "PackFetch"
	leadingChain  chainKind = "Lead"
	maskedChain   chainKind = "Masked"
	columnsChain  chainKind = "Columns"
)

// bothRows is the most rows of a tile that packs and fetches: more need more general registers than amd64 has.
const bothRows = 8

func chainName(m Machine, rows, vecs int, kind chainKind) string {
	return fmt.Sprintf("%s%dx%d%s", symbol("chain", m), rows, vecs, kind)
}

// chains emits all tiles, and the function that goes to one of them by its place in the table: of each kind, for each
// number of vectors, those of each number of rows. See chainCode in gemm_chains.go.
func chains(m Machine) {
	t := m.ISA().Tiles
	var codes []string
	for _, kind := range []chainKind{plainChain, maskedChain, packingChain, fetchingChain, bothChain, leadingChain,
		columnsChain} {
		for i, most := range t.ChainRows {
			for r := range maxChainRows {
				code := ""
				if r < most && t.has(kind, r+1, i+1) {
					chain(m, r+1, i+1, kind)
					code = chainName(m, r+1, i+1, kind)
				}
				codes = append(codes, code)
			}
		}
	}
	oneOf(m, symbol("chain", m), chainParams, codes, "computes tiles of C by rule 8")
}

// has reports whether there are tiles of that kind.
func (t *tileSize) has(kind chainKind, rows, vecs int) bool {
	switch kind {
	case plainChain, maskedChain:
		return true
	case columnsChain:
		return t.Columns && vecs == 1
	case bothChain:
		return vecs == t.PackVecs && rows <= bothRows
	default:
		return vecs == t.PackVecs
	}
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
