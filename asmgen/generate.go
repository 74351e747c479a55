package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/bitstep-go/bitstep/kernels"
)

// symbol is the name of an assembly function: adamF32AVX2.
func symbol(name string, m Machine) string {
	t := "F64"
	if m.ElemBytes() == 4 {
		t = "F32"
	}
	return strings.ToLower(name[:1]) + name[1:] + t + m.ISA()
}

// emit writes every kernel of the table, and the tiles of the matrix kernels, for one machine.
func emit(m Machine) {
	for _, row := range kernels.Table {
		if row.Kind == kernels.Reduction {
			reduction(m, row)
		} else {
			elementwise(m, row)
		}
	}
	t := m.Tiles()
	chain(m, "chain", t.ChainRows, t.ChainVecs)
	chain(m, "chainRow", 1, t.RowVecs)
	lanes(m, "lanes", t.LanesRows, t.LanesCols, t.LanesVecs)
	lanes(m, "lanesRow", 1, t.LaneRowCols, t.LaneRowVecs)
	fold(m, "fold")
	fromBytes(m, "fromBytes")
}

// emitTraffic writes the ceilings that benchmarks compare with.
func emitTraffic(m Machine) {
	if m.ElemBytes() == 4 { // a byte is a byte
		for _, p := range patterns() {
			streams(m, p)
		}
	}
	peak(m)
}

// amd64Machines are the machines of kernels_amd64.s, in the file's order.
func amd64Machines(f *amd64File) []Machine {
	return []Machine{
		&amd64{amd64File: f, bytes: 32, elem: 4}, &amd64{amd64File: f, bytes: 32, elem: 8},
		&amd64{amd64File: f, bytes: 64, elem: 4}, &amd64{amd64File: f, bytes: 64, elem: 8},
	}
}

// generate returns every generated file by its path from the module's top.
func generate(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	doc, err := docs(os.DirFS(root))
	if err != nil {
		return nil, err
	}
	all := view{Patterns: patterns(), Chains: peakChains}
	for _, row := range kernels.Table {
		all.Rows = append(all.Rows, rowView{row, doc[row.Name]})
	}
	put := func(name, text string, v view) {
		if err == nil {
			files[filepath.FromSlash(name)], err = render(text, v)
		}
	}
	put("api.go", apiTemplate, all)
	put("internal/rows/rows.go", callsTemplate, all)
	if text, rerr := os.ReadFile(filepath.Join(root, "README.md")); rerr != nil {
		err = rerr
	} else if err == nil {
		files["README.md"], err = readme(text)
	}
	if err == nil {
		files[filepath.FromSlash("internal/golden/hashes.go")], err = hashes(os.DirFS(root))
	}

	for _, arch := range []string{"amd64", "arm64"} {
		v := all
		assemble := func(dir, pkg string, emit func(Machine)) {
			machines, print := target(arch)
			v.ISAs = nil
			for _, m := range machines {
				emit(m)
				if m.ElemBytes() == 4 { // vectors and tiles are the same for both types
					v.ISAs = append(v.ISAs, isaView{m.ISA(), m.VecBytes(), m.Tiles()})
				}
			}
			asm, stubs, perr := print(pkg)
			if err == nil {
				err = perr
			}
			files[filepath.FromSlash(dir+"_"+arch+".s")] = append(asm, '\n')
			files[filepath.FromSlash(strings.Replace(dir, "kernels", "stubs", 1)+"_"+arch+".go")] = stubs
		}
		assemble("kernels", "bitstep", emit)
		put("dispatch_"+arch+".go", dispatchTemplate, v)
		assemble("internal/traffic/kernels", "traffic", emitTraffic)
		put("internal/traffic/dispatch_"+arch+".go", trafficTemplate, v)
	}
	return files, err
}

// target returns an architecture's machines, which write to one file, and the file's printer.
func target(arch string) ([]Machine, func(pkg string) (asm, stubs []byte, err error)) {
	if arch == "arm64" {
		f := newARM64File()
		return arm64Machines(f), f.print
	}
	f := newAMD64File()
	return amd64Machines(f), f.print
}
