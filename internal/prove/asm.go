package prove

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// A File is the text of an assembly file: its functions and its read-only data.
type File struct {
	Path   string
	Funcs  []*Func // in the order of the text
	arch   *arch
	Data   map[string]*Data
	byName map[string]*Func
}

// A Func is a function as the text has it. Its instructions are parsed when they are first asked for.
type Func struct {
	Name       string // without the middle dot
	ArgBytes   int
	FrameBytes int
	arch       *arch
	line       int
	text       []byte
	code       []Inst
}

// Data is a symbol of read-only memory. An entry is a number, or the address of a function.
type Data struct {
	Bytes []byte
	Codes map[int]string // by offset

	declared bool // by GLOBL, behind which nothing may follow
}

// An Inst is an instruction. Jumps have their target in To, an index into the function's code. Of one that the text
// has as a number, Word, the others are what the number means.
type Inst struct {
	Line    int
	Op      string
	Args    []Arg
	To      int
	Text    string
	Word    uint32
	control control
}

// An arch is an architecture: how its assembly is read, and what its instructions do.
type arch struct {
	integers []string // names of the general registers, by their numbers
	fixed    []int    // general registers that no code changes
	sp       int      // the register that points at the stack, if code may name it; else 0
	veneers  []int    // general registers that a call may change, whatever it calls
	words    int      // of a vector, where every processor has the same, and all instructions; else 0
	parse    func(text string, line int) (Inst, error)
	control  map[string]control
	compare  string // the comparison of integers
	with     int    // which of its arguments is subtracted
	does     map[string]semantics
}

// A control is where an instruction may lead to.
type control uint8

const (
	onward control = iota
	ret
	jump
	call
	ifLess // of a jump, what it asks of the last comparison
	ifLessOrEqual
	ifGreaterOrEqual
	ifGreater
	ifEqual
	ifNotEqual
	ifNotZero // of its register
)

// archOf returns the architecture that a file's name says.
func archOf(path string) (*arch, error) {
	for suffix, a := range map[string]*arch{"_amd64.s": amd64, "_arm64.s": arm64} {
		if strings.HasSuffix(path, suffix) {
			return a, nil
		}
	}
	return nil, fmt.Errorf("%s: no architecture that proofs know", path)
}

// An argKind says what an argument of an instruction is.
type argKind uint8

const (
	immediate argKind = iota
	integer           // a general register
	vectorReg         // of Words words
	maskReg
	memory  // Disp(Reg)(Index*Scale)
	frame   // Name+Disp(FP)
	static  // Name+Disp(SB)
	address // $Name+Disp(SB)
	label
	local // Name-Disp(SP), of a frame whose end is 0
)

// An Arg is an argument of an instruction.
type Arg struct {
	Kind         argKind
	Reg          int
	Words        int // of a vector register, 32 bits each
	Index, Scale int // of memory; Scale is 0 without an index
	Disp         int64
	Name         string
	Shape        string // of arm64's vector registers: S4 and the like, or S for one of its lanes
	Lane         int
}

// Func returns the function of a name, or nil.
func (f *File) Func(name string) *Func { return f.byName[name] }

// ReadFile reads an assembly file of Go.
func ReadFile(path string) (*File, error) {
	a, err := archOf(path)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := parseFile(text, a)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	f.Path = path
	return f, nil
}

func parseFile(text []byte, a *arch) (*File, error) {
	f := &File{arch: a, Data: map[string]*Data{}, byName: map[string]*Func{}}
	var fn *Func
	var start int
	end := func(at int) {
		if fn != nil {
			fn.text, fn = text[start:at], nil
		}
	}
	for at, line := 0, 1; at < len(text); line++ {
		next := len(text)
		if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		statement, _, _ := bytes.Cut(bytes.TrimSpace(text[at:next]), []byte("//"))
		if indented := text[at] == '\t'; len(statement) > 0 && (!indented || fn == nil || directive(statement)) {
			s := string(bytes.TrimSpace(statement))
			var err error
			switch {
			case indented:
				err = fmt.Errorf("indented, but not of a function's instructions: %s", s)
			case strings.HasPrefix(s, "TEXT "):
				end(at)
				fn, err = parseText(s)
				if err == nil && f.byName[fn.Name] != nil {
					err = fmt.Errorf("function %s stands twice", fn.Name)
				}
				if err == nil {
					fn.arch, fn.line, start = a, line+1, next
					f.Funcs, f.byName[fn.Name] = append(f.Funcs, fn), fn
				}
			case strings.HasPrefix(s, "DATA "):
				end(at)
				err = f.parseData(s)
			case strings.HasPrefix(s, "GLOBL "):
				end(at)
				err = f.checkData(s)
			case s != `#include "textflag.h"` && (fn == nil || directive(statement)):
				err = fmt.Errorf("no statement that proofs know: %s", s)
			}
			if err != nil {
				return nil, fmt.Errorf("%d: %w", line, err)
			}
		}
		at = next
	}
	end(len(text))
	for name, d := range f.Data {
		if !d.declared {
			return nil, fmt.Errorf("%s: no GLOBL", name)
		}
	}
	return f, nil
}

// directive reports whether a statement is none of a function's instructions or labels: one of the file, or of the
// preprocessor, or such that Go's assembler sees more or less than the one statement of the line.
func directive(s []byte) bool {
	for _, d := range []string{"TEXT", "DATA", "GLOBL", "#"} {
		if bytes.HasPrefix(s, []byte(d)) {
			return true
		}
	}
	return bytes.IndexByte(s, ';') >= 0 || bytes.IndexByte(s, '\\') >= 0 || bytes.Contains(s, []byte("/*"))
}

// symbolName takes the middle dot off.
func symbolName(s string) string { return strings.TrimPrefix(s, "·") }

// parseText reads TEXT ·name(SB), FLAGS, $frame-args.
func parseText(s string) (*Func, error) {
	name, rest, ok := strings.Cut(strings.TrimPrefix(s, "TEXT "), "(SB)")
	flags, size, dollar := strings.Cut(rest, "$") // others may put code in front of the text's
	fn := &Func{Name: symbolName(name)}
	local, args, _ := strings.Cut(size, "-")
	var err, err2 error
	fn.FrameBytes, err = strconv.Atoi(local)
	if args != "" {
		fn.ArgBytes, err2 = strconv.Atoi(args)
	}
	if !ok || !dollar || err != nil || err2 != nil || flags != ", " && flags != ", NOSPLIT, " {
		return nil, fmt.Errorf("want TEXT ·NAME(SB), NOSPLIT or nothing, $FRAME-ARGS: %s", s)
	}
	return fn, nil
}

// parseData reads DATA ·name+offset(SB)/size, $value.
func (f *File) parseData(s string) error {
	name, rest, ok := strings.Cut(strings.TrimPrefix(s, "DATA "), "+")
	offset, rest, ok2 := strings.Cut(rest, "(SB)/")
	size, value, ok3 := strings.Cut(rest, ", $")
	at, err := strconv.Atoi(offset)
	n, err2 := strconv.Atoi(size)
	if !ok || !ok2 || !ok3 || err != nil || err2 != nil {
		return fmt.Errorf("want DATA ·NAME+OFFSET(SB)/SIZE, $VALUE: %s", s)
	}
	name = symbolName(name)
	d := f.Data[name]
	if d == nil {
		d = &Data{Codes: map[int]string{}}
		f.Data[name] = d
	}
	if at != len(d.Bytes) || d.declared {
		return fmt.Errorf("%s: offset %d behind %d bytes", name, at, len(d.Bytes))
	}
	if code, ok := strings.CutSuffix(value, "(SB)"); ok {
		d.Codes[at] = symbolName(code)
		d.Bytes = append(d.Bytes, make([]byte, n)...)
		return nil
	}
	v, err := strconv.ParseUint(value, 0, 64)
	for range n {
		d.Bytes = append(d.Bytes, byte(v))
		v >>= 8
	}
	if err != nil || v != 0 {
		return fmt.Errorf("%s: value %s of %d bytes", name, value, n)
	}
	return nil
}

// checkData reads GLOBL ·name(SB), FLAGS, $size: the data must be as long, and read-only.
func (f *File) checkData(s string) error {
	name, rest, _ := strings.Cut(strings.TrimPrefix(s, "GLOBL "), "(SB), ")
	flags, size, _ := strings.Cut(rest, ", $")
	d, n := f.Data[symbolName(name)], 0
	_, err := fmt.Sscan(size, &n)
	if err != nil || d == nil || n != len(d.Bytes) || !strings.Contains(flags, "RODATA") {
		return fmt.Errorf("want read-only data of its size: %s", s)
	}
	d.declared = true
	return nil
}

// Code returns the function's instructions.
func (f *Func) Code() ([]Inst, error) {
	if f.code != nil {
		return f.code, nil
	}
	var code []Inst
	labels := map[string]int{}
	for i, line := range strings.Split(string(f.text), "\n") {
		if c := strings.Index(line, "//"); c >= 0 {
			line = line[:c]
		}
		line = strings.TrimSpace(line)
		if name, ok := strings.CutSuffix(line, ":"); ok {
			if _, twice := labels[name]; twice {
				return nil, fmt.Errorf("line %d: label %s stands twice", f.line+i, name)
			}
			labels[name] = len(code)
			continue
		}
		if line == "" {
			continue
		}
		if strings.HasPrefix(line, "PCALIGN ") { // where code lies is not what it does
			continue
		}
		in, err := f.arch.inst(line, f.line+i)
		if err != nil {
			return nil, err
		}
		code = append(code, in)
	}
	for i, in := range code {
		if n := len(in.Args); n > 0 && in.Args[n-1].Kind == label {
			to, ok := labels[in.Args[n-1].Name]
			if !ok || to >= len(code) {
				return nil, fmt.Errorf("line %d: no instruction at label %s", in.Line, in.Args[n-1].Name)
			}
			code[i].To = to
		}
	}
	if len(code) == 0 {
		return nil, fmt.Errorf("line %d: no code", f.line)
	}
	f.code = code
	return code, nil
}

// inst reads an instruction, without the place that it jumps to.
func (a *arch) inst(text string, line int) (Inst, error) {
	in, err := a.parse(text, line)
	if err != nil {
		return in, fmt.Errorf("line %d: %w", line, err)
	}
	in.control = a.control[in.Op]
	return in, nil
}

// parseInst reads an instruction whose arguments' spelling is an architecture's.
func parseInst(text string, line int, parseArg func(string) (Arg, error)) (Inst, error) {
	op, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	in := Inst{Line: line, Op: op, Text: strings.TrimSpace(op + " " + rest), To: -1}
	for rest != "" {
		var arg string
		arg, rest, _ = strings.Cut(rest, ", ")
		a, err := parseArg(strings.TrimSpace(arg))
		if err != nil {
			return in, err
		}
		in.Args = append(in.Args, a)
	}
	return in, nil
}

// parseAddress reads Disp(Reg) or Disp(Reg)(index), the index as an architecture spells it.
func parseAddress(s string, integerOf func(string) (int, bool),
	indexOf func(string) (name string, scale int, ok bool)) (Arg, error) {
	a, bad := Arg{Kind: memory}, fmt.Errorf("argument %q", s)
	disp, rest, _ := strings.Cut(s, "(")
	inside, closed := strings.CutSuffix(rest, ")")
	base, index, two := strings.Cut(inside, ")(")
	var ok bool
	if a.Reg, ok = integerOf(base); !ok || !closed {
		return a, bad
	}
	if disp != "" {
		var err error
		if a.Disp, err = strconv.ParseInt(disp, 0, 64); err != nil {
			return a, bad
		}
	}
	if two {
		name, scale, ok := indexOf(index)
		if a.Index, a.Scale = 0, scale; !ok {
			return a, bad
		}
		if a.Index, ok = integerOf(name); !ok {
			return a, bad
		}
	}
	return a, nil
}

// parseSymbol reads NAME+OFFSET of a place relative to FP or SB.
func parseSymbol(s string, kind argKind) (Arg, error) {
	name, offset, _ := strings.Cut(s, "+")
	n, err := strconv.ParseInt(offset, 0, 64)
	return Arg{Kind: kind, Name: symbolName(name), Disp: n}, err
}

// parseNumber reads a number of 64 bits, with a sign or without.
func parseNumber(s string) (Arg, error) {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		var u uint64
		u, err = strconv.ParseUint(s, 0, 64)
		n = int64(u)
	}
	return Arg{Kind: immediate, Disp: n}, err
}
