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
	Data   map[string]*Data
	byName map[string]*Func
}

// A Func is a function as the text has it. Its instructions are parsed when they are first asked for.
type Func struct {
	Name       string // without the middle dot
	ArgBytes   int
	FrameBytes int
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

// An Inst is an instruction. Jumps have their target in To, an index into the function's code.
type Inst struct {
	Line int
	Op   string
	Args []Arg
	To   int
	Text string
}

// An argKind says what an argument of an instruction is.
type argKind uint8

const (
	immediate argKind = iota
	integer           // a general register
	vectorReg         // of Words words
	maskReg
	memory // Disp(Reg)(Index*Scale)
	frame  // Name+Disp(FP)
	static // Name+Disp(SB)
	label
)

// An Arg is an argument of an instruction.
type Arg struct {
	Kind         argKind
	Reg          int
	Words        int // of a vector register, 32 bits each
	Index, Scale int // of memory; Scale is 0 without an index
	Disp         int64
	Name         string
}

// Func returns the function of a name, or nil.
func (f *File) Func(name string) *Func { return f.byName[name] }

// ReadFile reads an assembly file of Go.
func ReadFile(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := parseFile(text)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	f.Path = path
	return f, nil
}

func parseFile(text []byte) (*File, error) {
	f := &File{Data: map[string]*Data{}, byName: map[string]*Func{}}
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
					fn.line, start = line+1, next
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
		in, err := parseInst(line, f.line+i)
		if err != nil {
			return nil, err
		}
		code = append(code, in)
	}
	for i, in := range code {
		if len(in.Args) == 1 && in.Args[0].Kind == label {
			to, ok := labels[in.Args[0].Name]
			if !ok || to >= len(code) {
				return nil, fmt.Errorf("line %d: no instruction at label %s", in.Line, in.Args[0].Name)
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

// parseInst reads an instruction, without the place that it jumps to.
func parseInst(text string, line int) (Inst, error) {
	op, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	in := Inst{Line: line, Op: op, Text: strings.TrimSpace(op + " " + rest), To: -1}
	for rest != "" {
		var arg string
		arg, rest, _ = strings.Cut(rest, ", ")
		a, err := parseArg(strings.TrimSpace(arg))
		if err != nil {
			return in, fmt.Errorf("line %d: %w", line, err)
		}
		in.Args = append(in.Args, a)
	}
	return in, nil
}

// integers are amd64's general registers, by their numbers.
var integers = [...]string{"AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI",
	"R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"}

// What the ABI of Go's assembly does not let a function without a frame change.
const regSP, regBP = 4, 5

func parseInteger(s string) (int, bool) {
	for i, name := range integers {
		if s == name {
			return i, true
		}
	}
	return 0, false
}

// words is how many words of 32 bits a vector register has.
var words = map[byte]int{'X': 4, 'Y': 8, 'Z': 16}

func parseArg(s string) (Arg, error) {
	bad := func() (Arg, error) { return Arg{}, fmt.Errorf("argument %q", s) }
	if s == "" {
		return bad()
	}
	if v, ok := strings.CutPrefix(s, "$"); ok {
		n, err := strconv.ParseInt(strings.TrimPrefix(v, "+"), 0, 64)
		if err != nil {
			return bad()
		}
		return Arg{Kind: immediate, Disp: n}, nil
	}
	if r, ok := parseInteger(s); ok {
		return Arg{Kind: integer, Reg: r}, nil
	}
	if n, err := strconv.Atoi(s[1:]); err == nil {
		switch w := words[s[0]]; {
		case w > 0 && n >= 0 && n < 32:
			return Arg{Kind: vectorReg, Reg: n, Words: w}, nil
		case s[0] == 'K' && n >= 0 && n < 8:
			return Arg{Kind: maskReg, Reg: n}, nil
		}
	}
	open := strings.IndexByte(s, '(')
	if open < 0 {
		return Arg{Kind: label, Name: s}, nil
	}
	for suffix, kind := range map[string]argKind{"(FP)": frame, "(SB)": static} {
		if at, ok := strings.CutSuffix(s, suffix); ok {
			name, offset, _ := strings.Cut(at, "+")
			n, err := strconv.ParseInt(offset, 0, 64)
			if err != nil {
				return bad()
			}
			return Arg{Kind: kind, Name: symbolName(name), Disp: n}, nil
		}
	}
	a := Arg{Kind: memory}
	if open > 0 {
		n, err := strconv.ParseInt(s[:open], 0, 64)
		if err != nil {
			return bad()
		}
		a.Disp = n
	}
	base, index, two := strings.Cut(strings.TrimSuffix(s[open+1:], ")"), ")(")
	var ok bool
	if a.Reg, ok = parseInteger(base); !ok {
		return bad()
	}
	if two {
		name, scale, _ := strings.Cut(index, "*")
		n, err := strconv.Atoi(scale)
		if a.Index, ok = parseInteger(name); !ok || err != nil || n != 1 && n != 2 && n != 4 && n != 8 {
			return bad()
		}
		a.Scale = n
	}
	return a, nil
}
