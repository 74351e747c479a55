package main

import (
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// What a row or an instruction set may be and none is yet.

// A fused multiply-add must not overwrite the lane while another operation needs it.
func TestLaneIsKept(t *testing.T) {
	for line, copies := range map[string]bool{"lane = fma(x, x, lane)": false, "lane = fma(x, x, lane) + lane": true} {
		p := program.Must(table.Row{Name: "Sum", Kind: table.Reduction, Lines: []string{line},
			Operands: []table.Operand{{Name: "x", Read: true}}})
		f := newFile("amd64")
		reduction(of("amd64")[0].New(f, of("amd64")[0], 4), p, 2)
		asm, _, err := f.print("bitstep")
		if got := strings.Contains(string(asm), "VMOVAPS"); err != nil || got != copies {
			t.Errorf("%s: copies the lane: %v (%v), want %v", line, got, err, copies)
		}
	}
}

// A row may read bytes alone, or nothing.
func TestStreamsOfEveryPattern(t *testing.T) {
	for _, s := range isas {
		f := newFile(s.Arch)
		for _, pattern := range []string{"W", "WQ", "WO", "UQ", "QO", "WRO"} {
			streams(s.New(f, s, 4), pattern)
		}
		if _, _, err := f.print("traffic"); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

// An architecture may have sets of which only some need a feature, whichever is first.
func TestDetectSomeFeatures(t *testing.T) {
	every, some := isa{Const: "EVERY"}, isa{Const: "SOME", Features: []string{"SVE"}}
	for _, isas := range [][]isa{{every, some}, {some, every}, {every}} {
		text, err := render(detectTemplate, view{ISAs: isas})
		got := strings.Contains(string(text), "import")
		if want := strings.Contains(string(text), "cpuid."); err != nil || got != want {
			t.Errorf("imports cpuid: %v (%v), want %v:\n%s", got, err, want, text)
		}
	}
}

// An only32 lacks the operations of one type.
type only32 struct{ Machine }

func (m only32) Can(program.Op) bool { return m.ElemBytes() == 4 }

func TestDispatchIsPerType(t *testing.T) {
	s := isas[0]
	s.New = func(f file, s isa, elem int) Machine { return only32{isas[0].New(f, s, elem)} }
	r := rowView{program.Must(table.Rows[0]), ""}
	for _, typ := range elementTypes {
		if got, want := (view{}).Has(s, r, typ), typ.Bytes == 4; got != want {
			t.Errorf("%s has assembly: %v, want %v", typ.Name, got, want)
		}
	}
}

// A step may have no hyperparameters.
func TestNoHyperparameters(t *testing.T) {
	p := program.Must(table.Row{Name: "Descent", Kind: table.Step, Lines: []string{"x = x - g"},
		Operands: []table.Operand{{Name: "x", Read: true, Write: true}, {Name: "g", Read: true}}})
	text, err := render(coefsTemplate, view{Rows: []rowView{{p, ""}}})
	if err != nil || !strings.Contains(string(text), "type DescentHyper struct{}") {
		t.Errorf("no empty struct (%v):\n%s", err, text)
	}
}
