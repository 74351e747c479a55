package main

import (
	"os"
	"path/filepath"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// emit writes every kernel of the table that a machine has the operations for, and the micro-kernels of
// products.
func emit(m Machine, programs []*program.Program) {
	for _, vectors := range []int{4, 1} {
		preludes(m, vectors)
	}
	for _, p := range programs {
		switch {
		case !emits(m, p):
		case p.Row.Kind == table.Reduction:
			reductions(m, p)
		default:
			elementwise(m, p)
			for _, b := range balancesOf(m.ISA(), m.ElemBytes(), p) {
				pipelined(m, p, b.balance)
			}
		}
		if p.Row.Kind == table.Step && emits(m, p) {
			stepEach(m, p, balance{})
			for _, b := range balancesOf(m.ISA(), m.ElemBytes(), p) {
				stepEach(m, p, b.balance)
			}
			storedSteps(m, p.Row)
		}
	}
	conversionsOf(m)
	if !m.ISA().HasTiles() {
		return
	}
	chains(m)
	turns(m)
	narrows(m)
	allLanes(m)
	packs(m)
	copies(m)
	transpose(m)
	squareRoots(m)
}

// emitTraffic writes the ceilings that benchmarks compare with.
func emitTraffic(m Machine) {
	if m.ElemBytes() == 4 { // a byte is a byte
		for _, p := range patterns() {
			streams(m, p)
		}
	}
	peak(m)
	rates(m)
}

// generate returns every generated file by its path from the module's top.
func generate(root string) (files map[string][]byte, err error) {
	files = map[string][]byte{}
	put := func(name string, text []byte, e error) {
		files[filepath.FromSlash(name)] = text
		if err == nil {
			err = e
		}
	}
	fill := func(name, template string, v any) {
		text, e := render(template, v)
		put(name, text, e)
	}

	programs, err := program.All()
	if err != nil {
		return nil, err
	}
	doc, err := docs(os.DirFS(root))
	if err != nil {
		return nil, err
	}
	all := view{ISAs: isas, Patterns: patterns(), Types: elementTypes}
	for _, p := range programs {
		all.Rows = append(all.Rows, rowView{p, doc[p.Row.Name]})
	}
	fill("kernels/coefs.go", coefsTemplate, all)
	fill("api.go", apiTemplate, all)
	fill("dispatch.go", definitionsTemplate, all)
	fill("stored_steps.go", storedTemplate, all)
	fill("optim/steps.go", optimTemplate, all)
	fill("backends.go", backendsTemplate, all)
	fill("dispatch_go.go", noneTemplate, all)
	fill("internal/traffic/dispatch_go.go", noTrafficTemplate, all)
	fill("internal/roots/dispatch_go.go", noRootsTemplate, all)
	fill("internal/rows/rows.go", rowsTemplate, all)
	text, e := os.ReadFile(filepath.Join(root, "README.md"))
	if e == nil {
		text, e = readme(text)
	}
	put("README.md", text, e)
	text, e = hashes(os.DirFS(root))
	put("internal/golden/hashes.go", text, e)
	text, e = export()
	put("testdata/kernels.json", text, e)

	c := cView{all, cTypes}
	for name, template := range map[string]string{
		"capi/bitstep.h": cHeaderTemplate, "capi/rows.h": cRowsHeaderTemplate, "capi/rows.c": cRowsTemplate,
		"capi/testdata/calls.h": cDriverTemplate} {
		text, e := cFile(template, c)
		put(name, text, e)
	}
	fill("capi/rows.go", cGoTemplate, c)
	text, e = cExport(c)
	put("capi/bitstep.json", text, e)

	for _, arch := range architectures() {
		v := all
		v.ISAs = of(arch)
		assemble := func(asmName, stubsName, pkg string, emit func(Machine)) {
			f := newFile(arch)
			for _, m := range machines(f, arch) {
				emit(m)
			}
			asm, stubs, e := f.print(pkg)
			put(asmName, append(asm, '\n'), e)
			put(stubsName, stubs, e)
		}
		assemble("kernels_"+arch+".s", "stubs_"+arch+".go", "bitstep", func(m Machine) { emit(m, programs) })
		fill("detect_"+arch+".go", detectTemplate, v)
		fill("dispatch_"+arch+".go", dispatchTemplate, v)
		assemble("internal/traffic/kernels_"+arch+".s", "internal/traffic/stubs_"+arch+".go", "traffic", emitTraffic)
		fill("internal/traffic/dispatch_"+arch+".go", trafficTemplate, v)
		assemble("internal/roots/kernels_"+arch+".s", "internal/roots/stubs_"+arch+".go", "roots", emitRoots)
		fill("internal/roots/dispatch_"+arch+".go", rootsTemplate, v)
	}
	return files, err
}
