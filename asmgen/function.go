package main

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
	"unicode"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"

	"github.com/bitstep-go/bitstep/internal/program"
)

// A file collects the functions of one architecture's assembly file.
type file interface {
	context() *build.Context
	shared() *sharedCode

	// print returns the assembly and its Go declarations in a package.
	print(pkg string) (asm, stubs []byte, err error)
}

// fileOf makes an empty file of each architecture.
var fileOf = map[string]func() file{
	"amd64": func() file { return newAMD64File() },
	"arm64": func() file { return newARM64File() },
}

func newFile(arch string) file {
	create, ok := fileOf[arch]
	if !ok {
		panic("no assembly files for " + arch)
	}
	return create()
}

// machines returns the machines of a file: each instruction set of its architecture, each element type.
func machines(f file, arch string) (all []Machine) {
	for _, s := range of(arch) {
		all = append(all, s.New(f, s, 4), s.New(f, s, 8))
	}
	return all
}

// A function is what the Machines of all architectures share: the function that is being written.
type function struct {
	file   file
	ctx    *build.Context
	isa    isa
	elem   int
	labels map[string]bool
	rare   []func() // what end emits after the function's return
}

func (f *function) ISA() isa            { return f.isa }
func (f *function) ElemBytes() int      { return f.elem }
func (f *function) Comment(l ...string) { f.ctx.Comment(l...) }

// Can: an exponential is computed in float64, see exp.go.
func (f *function) Can(op program.Op) bool { return op != program.Exp || f.elem == 8 }

func (f *function) Begin(name, params string, doc ...string) {
	f.labels, f.rare = map[string]bool{}, nil
	f.ctx.Function(name)
	f.ctx.Doc(doc...)
	f.ctx.Pragma("noescape")
	f.ctx.SignatureExpr(signature(params, f.elem))
}

func (f *function) BeginLocal(name, params string, doc ...string) {
	f.labels, f.rare = map[string]bool{}, nil
	f.ctx.Function(sharedName(name))
	f.ctx.Attributes(attr.NOSPLIT)
	f.ctx.Doc(doc...)
	f.ctx.SignatureExpr(signature(params, f.elem))
}

// withoutShared is a file as its Go declarations have it: shared code has none.
func withoutShared(f *ir.File) *ir.File {
	g := *f
	g.Sections = slices.DeleteFunc(slices.Clone(f.Sections), func(s ir.Section) bool {
		fn, ok := s.(*ir.Function)
		return ok && strings.HasSuffix(fn.Name, "<>")
	})
	return &g
}

// A text is an operand already spelled.
type text string

func (t text) Asm() string { return string(t) }

// end emits what belongs behind the return.
func (f *function) end() {
	for _, emit := range f.rare {
		emit()
	}
}

// label returns a name that the function does not have yet.
func (f *function) label(name string) string {
	for i := 2; f.labels[name]; i++ {
		name = fmt.Sprintf("%s%d", strings.TrimRight(name, "0123456789"), i)
	}
	f.labels[name] = true
	return name
}

// symbol is the name of an assembly function: adamF32AVX2.
func symbol(name string, m Machine) string { return symbolOf(name, m.ElemBytes(), m.ISA().Const) }

func symbolOf(name string, elem int, isa string) string {
	return fmt.Sprintf("%sF%d%s", lower(name), 8*elem, isa)
}

// lower makes a name unexported: sgd of SGD, rmsProp of RMSProp, adaGrad of AdaGrad.
func lower(name string) string {
	r := []rune(name)
	for i := range r {
		if i > 0 && i+1 < len(r) && unicode.IsLower(r[i+1]) || !unicode.IsUpper(r[i]) {
			break
		}
		r[i] = unicode.ToLower(r[i])
	}
	return string(r)
}

// signature puts the element type's name in a parameter list, behind which a result may follow.
func signature(params string, elem int) string {
	t := types.Typ[types.Float64].Name()
	if elem == 4 {
		t = types.Typ[types.Float32].Name()
	}
	params, result, _ := strings.Cut(params, returns)
	return "func(" + strings.NewReplacer("*T", "*"+t, "[]T", "[]"+t).Replace(params) + ")" +
		strings.Replace(result, "T", t, 1)
}

// returns stands between parameters and the type of a result.
const returns = " -> "
