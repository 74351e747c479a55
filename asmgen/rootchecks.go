package main

// The parts of roots.go, each for itself: package internal/roots checks its proof with them.

const (
	estimateRootsParams = "n int, x, out *T"
	refineRootsParams   = "n int, x, h, out *T"
	guardRootsParams    = "n int, x, out *T, unfit *uint64"
)

func emitRoots(m Machine) {
	estimateRoots(m)
	refineRoots(m)
	guardRoots(m)
}

// estimateRoots emits the estimates of n elements, pairs of whole vectors.
func estimateRoots(m Machine) {
	name, bytes := symbol("estimateRoots", m), m.ISA().VecBytes
	m.Begin(name, estimateRootsParams, name+" estimates 1/(2*sqrt(x)) of n elements, pairs of whole vectors.")
	n, x, out := m.Arg("n"), m.Arg("x"), m.Arg("out")
	m.While("loop", n, 2*lanesOf(m), func() {
		twice, h, do := make([]Reg, 2), make([]Reg, 2), &ops{}
		for i := range twice {
			v := m.Load(x, i*bytes)
			twice[i] = m.Add(v, v)
		}
		m.HalfRoots(do, twice, h)
		emitAll(do)
		for i, v := range h {
			m.Store(v, out, i*bytes)
		}
		m.AddImm(x, 2*bytes)
		m.AddImm(out, 2*bytes)
	})
	m.End()
}

// refineRoots emits what follows an estimate h.
func refineRoots(m Machine) {
	name, bytes := symbol("refineRoots", m), m.ISA().VecBytes
	m.Begin(name, refineRootsParams, name+" computes n roots, whole vectors, from estimates h of 1/(2*sqrt(x)).")
	n, x, h, out := m.Arg("n"), m.Arg("x"), m.Arg("h"), m.Arg("out")
	m.While("loop", n, lanesOf(m), func() {
		r, do := newFMARoots(m, 1), &ops{}
		r.x[0], r.h[0] = m.Load(x, 0), m.Load(h, 0)
		r.g[0] = m.Mul(m.Add(r.x[0], r.x[0]), r.h[0])
		r.finish(do)
		emitAll(do)
		m.Store(r.g[0], out, 0)
		for _, p := range []Reg{x, h, out} {
			m.AddImm(p, bytes)
		}
	})
	m.End()
}

// guardRoots emits all of it, and a word for each vector: 0 if all of its roots are right.
func guardRoots(m Machine) {
	name, bytes := symbol("guardRoots", m), m.ISA().VecBytes
	m.Begin(name, guardRootsParams, name+" computes n roots, whole vectors, and for each vector whether it is unfit.")
	n, x, out, unfit := m.Arg("n"), m.Arg("x"), m.Arg("out"), m.Arg("unfit")
	m.While("loop", n, lanesOf(m), func() {
		r, do := newFMARoots(m, 1), &ops{}
		r.x[0] = m.Load(x, 0)
		r.begin(do)
		r.finish(do)
		emitAll(do)
		m.Store(r.g[0], out, 0)
		m.StoreWord(m.Unfit(r.g), unfit, 0)
		m.AddImm(x, bytes)
		m.AddImm(out, bytes)
		m.AddImm(unfit, 8)
	})
	m.End()
}

func emitAll(do *ops) { emitSpread(1, []spread{{do, 0, 1}}) }

// rootsTemplate is internal/roots/dispatch_ARCH.go.
const rootsTemplate = `
//go:build !purego && !noasm

package roots

var assembly = []instructions{
{{- range $isa := .ISAs}}
	{"{{.Name}}", {{.VecBytes}}
	{{- range $.Types}},
		parts[{{.Name}}]{
			estimateRoots{{.Suffix}}{{$isa.Const}}, refineRoots{{.Suffix}}{{$isa.Const}},
			guardRoots{{.Suffix}}{{$isa.Const}}}
	{{- end}}},
{{- end}}
}
`

// noRootsTemplate is internal/roots/dispatch_go.go.
const noRootsTemplate = `
//go:build {{.NoAssembly}}

package roots

var assembly []instructions
`
