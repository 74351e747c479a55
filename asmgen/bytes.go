package main

// fromBytes emits the conversion of n bytes, n a multiple of the vector's lanes:
//
//	func(n int, scale, dst *T, src *uint8, offset *T)
func fromBytes(m Machine, name string) {
	m.Begin(symbol(name, m), "n int, scale, dst *T, src *uint8, offset *T")
	n, scalePtr, dst, src, offset := m.Arg("n"), m.Arg("scale"), m.Arg("dst"), m.Arg("src"), m.Arg("offset")
	scale := m.Broadcast(scalePtr, 0)
	lanes := m.VecBytes() / m.ElemBytes()
	for _, unroll := range []int{4, 1} {
		m.While(n, unroll*lanes, func() {
			m.Comment("dst = scale*src - offset")
			for u := range unroll {
				x := m.Mul(m.LoadBytes(src, u*lanes), scale)
				m.Store(m.Sub(x, m.Load(offset, u*m.VecBytes())), dst, u*m.VecBytes())
			}
			m.AddImm(src, unroll*lanes)
			m.AddImm(offset, unroll*m.VecBytes())
			m.AddImm(dst, unroll*m.VecBytes())
		})
	}
	m.End()
}
