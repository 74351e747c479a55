package prove

import (
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"math/bits"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A mutant is a function with one other instruction.
type mutant struct {
	fn   *Func
	at   int
	kind string
	to   Inst
}

func (m mutant) String() string {
	code, _ := m.fn.Code()
	return fmt.Sprintf("%s, instruction %d: %s: %s -> %s", m.fn.Name, m.at, m.kind, code[m.at].Text, m.to.Text)
}

// mutated is the function that the mutant is.
func (m mutant) mutated() *Func {
	code, _ := m.fn.Code()
	code = slices.Clone(code)
	code[m.at] = m.to
	return &Func{Name: m.fn.Name, arch: m.fn.arch, ArgBytes: m.fn.ArgBytes, FrameBytes: m.fn.FrameBytes, code: code}
}

// otherOps are operations of the same arguments.
var otherOps = map[string][]string{
	"VADDPS": {"VSUBPS", "VMULPS", "VADDPD"}, "VADDPD": {"VSUBPD", "VMULPD", "VADDPS"},
	"VSUBPS": {"VADDPS", "VSUBPD"}, "VSUBPD": {"VADDPD", "VSUBPS"},
	"VMULPS": {"VADDPS", "VDIVPS", "VMULPD"}, "VMULPD": {"VADDPD", "VDIVPD", "VMULPS"},
	"VDIVPS": {"VMULPS", "VDIVPD"}, "VDIVPD": {"VMULPD", "VDIVPS"},
	"VSQRTPS": {"VMOVUPS", "VSQRTPD"}, "VSQRTPD": {"VMOVUPD", "VSQRTPS"},
	"VMAXPS": {"VMINPS", "VADDPS"}, "VMAXPD": {"VMINPD", "VADDPD"},
	"VMINPS": {"VMAXPS", "VSUBPS"}, "VMINPD": {"VMAXPD", "VSUBPD"},
	"VANDPS": {"VORPS"}, "VANDPD": {"VORPD"}, "VORPS": {"VANDPS"}, "VORPD": {"VANDPD"},
	"VPXOR": {"VPCMPEQD"}, "VPCMPEQD": {"VPXOR"}, "VPXORD": {"VSUBPS"},
	"VPSLLD": {"VPSRLD"}, "VPSRLD": {"VPSLLD"}, "VPSLLQ": {"VPSRLQ"}, "VPSRLQ": {"VPSLLQ"},
	"VBLENDVPS": {"VBLENDVPD"}, "VBLENDVPD": {"VBLENDVPS"}, "VBLENDMPS": {"VBLENDMPD"}, "VBLENDMPD": {"VBLENDMPS"},
	"VFIXUPIMMPS": {"VFIXUPIMMPD"}, "VFIXUPIMMPD": {"VFIXUPIMMPS"},
	"VCVTDQ2PS":    {"VMOVUPS"},
	"VBROADCASTSS": {"VMOVUPS"}, "VBROADCASTSD": {"VMOVUPD"},
	"VMASKMOVPS": {"VMASKMOVPD"}, "VMASKMOVPD": {"VMASKMOVPS"},
	"VMOVUPS.Z": {"VMOVUPD.Z"}, "VMOVUPD.Z": {"VMOVUPS.Z"},
	"VUNPCKHPD": {"VUNPCKLPD"}, "VMOVLPS": {"VMOVSS"}, "VMOVSS": {"VMOVLPS"},
	"ADDQ": {"SUBQ", "XORQ"}, "SUBQ": {"ADDQ"}, "DECQ": {"INCQ"}, "SHLQ": {"ADDQ"}, "ANDQ": {"XORQ"}, "XORQ": {"ADDQ"},
	"BTSQ": {"ADDQ"}, "CMPQ": {"TESTQ"}, "TESTQ": {"CMPQ"}, "MOVQ": {"ADDQ"}, "MOVL": {"MOVQ"}, "LEAQ": {"MOVQ"},

	"VPMAXUD": {"VADDPS", "VPXOR"}, "VPMAXUQ": {"VADDPD"}, "VPCMPGTQ": {"VSUBPD", "VPXOR"}, "fmax": {"fadd", "fcmgt"},
	"fadd": {"fsub", "fmul"}, "fsub": {"fadd"}, "fmul": {"fadd", "fdiv"}, "fdiv": {"fmul"}, "fsqrt": {"fabs", "frintn"},
	"fabs": {"fsqrt"}, "frintn": {"fabs"}, "ucvtf": {"fabs"}, "fcmeq": {"fcmgt"}, "fcmgt": {"fcmeq"},
	"VFMLA": {"VFMLS", "fadd"}, "VAND": {"VORR", "VEOR"}, "VORR": {"VAND", "VEOR"}, "VEOR": {"VORR"},
	"VBSL": {"VBIT", "VBIF"},
	"VBIT": {"VBIF", "VBSL"}, "VBIF": {"VBIT"}, "FMOVS": {"FMOVD"}, "FMOVD": {"FMOVS", "FMOVQ"}, "FMOVQ": {"FMOVD"},
	"MOVWU": {"MOVD", "MOVHU"}, "MOVHU": {"MOVWU"}, "ADD": {"SUB"}, "SUB": {"ADD"}, "LSL": {"ADD"}, "AND": {"ADD"},
	"VFMADD231PS": {"VFNMADD231PS", "VFMADD231PD"}, "VFMADD231PD": {"VFNMADD231PD", "VFMADD231PS"},
	"VFNMADD231PS": {"VFMADD231PS"}, "VFNMADD231PD": {"VFMADD231PD"}, "VRSQRTPS": {"VSQRTPS", "VMOVUPS"},
	"VRSQRT14PS": {"VSQRTPS", "VRSQRT14PD"}, "VRSQRT14PD": {"VSQRTPD", "VRSQRT14PS"}, "VPADDD": {"VPADDQ", "VADDPS"},
	"VPADDQ": {"VPADDD"}, "VPMINSD": {"VPMAXUD", "VMINPS"}, "VPMINSQ": {"VPMINSD"},
	"VPCMPGTD":  {"VPCMPEQD", "VPCMPGTQ"},
	"VMOVMSKPS": {"VMOVMSKPD"}, "VMOVMSKPD": {"VMOVMSKPS"}, "VCVTPS2PD": {"VCVTDQ2PD", "VMOVUPD"},
	"VFMLS": {"VFMLA"}, "fmin": {"fmax", "fadd"}, "fcmge": {"fcmgt"}, "frsqrte": {"fsqrt"}, "frsqrts": {"fmul"},
	"uminp": {"fmin"},
	"BLT":   {"BLE", "BGE"}, "BLE": {"BLT", "BGT"}, "BGE": {"BGT", "BLT"},
	"JLT": {"JLE", "JGE"}, "JLE": {"JLT", "JGT"}, "JGE": {"JGT", "JLT"}, "JEQ": {"JNE"}, "JNE": {"JEQ"},
}

var (
	vectorToken = regexp.MustCompile(`\b[XYZVF]\d+\b`)
	maskToken   = regexp.MustCompile(`\bK\d\b`)
	intToken    = regexp.MustCompile(`\b(AX|CX|DX|BX|SI|DI|R\d+)\b`)
	immToken    = regexp.MustCompile(`\$[+-]?\w+`)
	dispToken   = regexp.MustCompile(`(-?\d+)?\(([A-Z0-9]+)\)|\+\d+\((FP|SB)\)`)
	shapeToken  = regexp.MustCompile(`[SD]\d?\b`)
	laneToken   = regexp.MustCompile(`\[\d\]`)
	shiftToken  = regexp.MustCompile(`<<\d`)
)

// mutants returns the mutants of a function that Go's assembler has an instruction for, in the order of its code.
func mutants(t *testing.T, fn *Func) (all []mutant) {
	code, err := fn.Code()
	if err != nil {
		t.Fatal(err)
	}
	size := 4
	if strings.Contains(fn.Name, "F64") {
		size = 8
	}
	for i, in := range code {
		add := func(kind, text string) {
			to, err := fn.arch.inst(text, in.Line)
			if err != nil || to.Op == in.Op && slices.Equal(to.Args, in.Args) {
				return
			}
			to.To = in.To
			all = append(all, mutant{fn, i, kind, to})
		}
		op, args, _ := strings.Cut(in.Text, " ")
		for _, other := range otherOps[op] {
			add("operation", other+" "+args)
		}
		replace := func(kind string, tokens *regexp.Regexp, by func(token string) []string) {
			for _, at := range tokens.FindAllStringIndex(in.Text, -1) {
				for _, b := range by(in.Text[at[0]:at[1]]) {
					add(kind, in.Text[:at[0]]+b+in.Text[at[1]:])
				}
			}
		}
		replace("register", vectorToken, func(r string) []string {
			n, _ := strconv.Atoi(r[1:])
			return []string{fmt.Sprintf("%s%d", r[:1], n^1)}
		})
		replace("register", maskToken, func(r string) []string { return []string{"K2"} })
		replace("register", intToken, func(r string) []string {
			n := len(fn.arch.integers)
			j := slices.Index(fn.arch.integers, r)
			for j = (j + 1) % n; slices.Contains(fn.arch.fixed, j) || fn.arch.integers[j] == ""; j = (j + 1) % n {
			}
			return []string{fn.arch.integers[j]}
		})
		replace("number", immToken, func(s string) []string {
			n, _ := strconv.ParseInt(strings.TrimLeft(s, "$+"), 0, 64)
			return []string{fmt.Sprintf("$%d", n+1), fmt.Sprintf("$%d", n-1), fmt.Sprintf("$%d", 2*n)}
		})
		if op != "VBROADCASTSS" || !strings.Contains(in.Text, "word") {
			replace("offset", dispToken, func(s string) []string {
				open := strings.IndexByte(s, '(')
				if s[0] == '+' {
					n, _ := strconv.Atoi(s[1:open])
					return []string{fmt.Sprintf("+%d%s", n+8, s[open:])}
				}
				n, _ := strconv.Atoi(s[:open])
				return []string{fmt.Sprintf("%d%s", n+size, s[open:]), fmt.Sprintf("%d%s", n-size, s[open:])}
			})
		}
		if fn.arch == arm64 {
			other := map[string]string{"S4": "D2", "D2": "S4", "S": "D", "D": "S", "S2": "D2"}
			add("shape", op+" "+shapeToken.ReplaceAllStringFunc(args, func(s string) string { return other[s] }))
			replace("lane", laneToken, func(s string) []string { return []string{fmt.Sprintf("[%c]", s[1]^1)} })
			replace("shift", shiftToken, func(string) []string { return []string{"<<2"} })
			for b := 0; in.Word != 0 && b < 32; b++ {
				add("bit", fmt.Sprintf("WORD $%#x", in.Word^1<<b))
			}
		}
		a := strings.Split(args, ", ")
		if len(a) >= 3 && in.Args[0].Kind == vectorReg && in.Args[1].Kind == vectorReg {
			a[0], a[1] = a[1], a[0]
			add("swapped operands", op+" "+strings.Join(a, ", "))
		}
		add("dropped", "NOP")
	}
	return all
}

// equivalences are the reasons why a mutant does what the function does: each of a mutant that is proven must have one,
// and give the definition's bits besides.
var equivalences = []struct {
	why string
	is  func(m mutant, code []Inst) bool
}{
	{"it fetches other lines ahead, or none", func(m mutant, code []Inst) bool {
		return code[m.at].Op == "PREFETCHT0" && (m.to.Op == "PREFETCHT0" || m.kind == "dropped")
	}},
	{"it counts turns, of which few are told apart", func(m mutant, code []Inst) bool {
		in := code[m.at]
		last := len(in.Args) - 1
		if (in.Op != "ADDQ" && in.Op != "ADD") || in.Args[0] != (Arg{Kind: immediate, Disp: 1}) ||
			len(m.to.Args) == 0 || m.to.Args[len(m.to.Args)-1] != in.Args[last] {
			return false
		}
		for i, other := range code { // which else only compare it, or set it to 0
			reads := slices.ContainsFunc(other.Args, func(a Arg) bool {
				return a.Reg == in.Args[last].Reg && a.Kind == integer
			})
			if i != m.at && reads && other.Op != m.fn.arch.compare && other.Op != "XORQ" &&
				(other.Op != "MOVD" || other.Args[0] != Arg{}) {
				return false
			}
		}
		return true
	}},
	{"it adds a power of two to what is less", func(m mutant, code []Inst) bool {
		in := code[m.at]
		return in.Op == "ADDQ" && m.to.Op == "XORQ" && in.Args[0].Kind == immediate &&
			bits.OnesCount64(uint64(in.Args[0].Disp)) == 1
	}},
	{"of a mask by numbers of 64 bits each has the sign twice", func(m mutant, code []Inst) bool {
		return code[m.at].Op == "VMOVMSKPD" && m.to.Op == "VMOVMSKPS" && slices.Equal(code[m.at].Args, m.to.Args)
	}},
	{"it asks the guard of roots otherwise, and no root that is wrong passes: more may be taken again", asksGuard},
	{"the register holds the scalar already, and nothing else", func(m mutant, code []Inst) bool {
		in := code[m.at]
		set, same := in.Args[len(in.Args)-1], 0
		for _, other := range code {
			last := len(other.Args) - 1
			if last >= 0 && other.Args[last].Kind == vectorReg && other.Args[last].Reg == set.Reg {
				if other.Text != in.Text {
					return false
				}
				same++
			}
		}
		return m.kind == "dropped" && set.Kind == vectorReg && same > 1
	}},
	{"the operands of a sum, a product or a maximum commute", func(m mutant, code []Inst) bool {
		return m.kind == "swapped operands" && commuting.MatchString(m.to.Op)
	}},
	{"it moves elements between loops and the tail, which do any number", func(m mutant, code []Inst) bool {
		in := code[m.at]
		return in.Op == m.fn.arch.compare && m.kind == "number" || in.control >= ifLess && in.control <= ifGreater
	}},
	{"it changes a general register that nothing reads before it is set again", func(m mutant, code []Inst) bool {
		in := code[m.at]
		reg := in.Args[len(in.Args)-1]
		other := reg
		if len(m.to.Args) > 0 {
			other = m.to.Args[len(m.to.Args)-1]
		}
		ints := reg.Kind == integer && other.Kind == integer
		return ints && !read(code, m.at, reg.Reg) && !read(code, m.at, other.Reg)
	}},
	{"of the halves that it moves only the lower one is stored", func(m mutant, code []Inst) bool {
		return code[m.at].Op == "VUNPCKHPD" && m.to.Op == "VUNPCKHPD" && m.to.Args[1] == code[m.at].Args[1] &&
			m.to.Args[2] == code[m.at].Args[2]
	}},
	{"its result is there already: the same instruction stands before it, and what it reads or sets stays", repeated},
	{"it goes on to loops for which no elements are left", func(m mutant, code []Inst) bool {
		return m.kind == "dropped" && code[m.at].control == jump
	}},
	{"no half is taken from the register, or none that the fold takes", func(m mutant, code []Inst) bool {
		fold := m.to.Op == "VPERM2F128" && m.to.Args[0].Disp&0x22 == 0 || m.to.Op == "VSHUFF32X4"
		return fold && slices.Equal(m.to.Args[2:], code[m.at].Args[2:])
	}},
	{"of a mask in memory the highest bits count alone", func(m mutant, code []Inst) bool {
		return m.to.Op == "ADDQ" && m.kind == "number" && m.to.Args[0].Disp == 31 && code[m.at+1].Op[:6] == "VMOVUP"
	}},
	{"both registers have the same, a number or the code of a Prelude", func(m mutant, code []Inst) bool {
		return m.kind == "register" && slices.Contains([]string{"CALL", "XORQ", "SUBQ", "BL"}, m.to.Op)
	}},
	{"its result becomes all ones, whatever it was", func(m mutant, code []Inst) bool {
		ones := func(in Inst) bool { return in.Op == "VPTERNLOGD" && in.Args[0].Disp == 0xff }
		in := code[m.at]
		if ones(in) && ones(m.to) {
			return in.Args[3] == m.to.Args[3]
		}
		return m.at+1 < len(code) && ones(code[m.at+1]) && in.Op == "VPXORD" && code[m.at+1].Args[3] == in.Args[2]
	}},
	{"of a register and itself both and and or are itself", func(m mutant, code []Inst) bool {
		return code[m.at].Op == "VORR" && m.to.Op == "VAND" && m.to.Args[0] == m.to.Args[1]
	}},
	{"it takes off the sign of a lane, which has none", func(m mutant, code []Inst) bool {
		in := code[m.at]
		last := len(in.Args) - 1
		elsewhere := m.to.Op == in.Op && slices.Equal(m.to.Args[:last], in.Args[:last]) // so that the lane stays
		return (m.kind == "dropped" || elsewhere) && slices.Contains([]string{"VANDPS", "VANDPD", "fabs"}, in.Op) &&
			in.Args[last-1] == in.Args[last] && strings.HasPrefix(m.fn.Name, "maxAbs")
	}},
	{"the other register is a copy", func(m mutant, code []Inst) bool {
		if m.kind != "register" && m.kind != "bit" || m.to.Op != code[m.at].Op {
			return false
		}
		for i := range m.to.Args {
			a, b := m.to.Args[i], code[m.at].Args[i]
			if a == b {
				continue
			}
			for j := m.at - 1; j >= 0; j-- {
				from, to, ok := copied(code[j])
				if ok && (from == a.Reg && to == b.Reg || from == b.Reg && to == a.Reg) {
					return true
				}
			}
		}
		return false
	}},
}

// asksGuard reports whether an instruction is one by which roots by fma are told from those to be taken again: an
// operation on whole numbers, or of masks, in front of the jump.
func asksGuard(m mutant, code []Inst) bool {
	if !guardOp.MatchString(code[m.at].Op) {
		return false
	}
	for _, in := range code[m.at:min(len(code), m.at+40)] {
		if in.control == ifNotEqual || in.control == ifNotZero {
			return true
		}
	}
	return false
}

var guardOp = regexp.MustCompile(`^(VPADD[DQ]|VPCMPGT[DQ]|VPMINS[DQ]|VMOVMSKP[SD]|VORP[SD]|KMOVW|fmin|fcmge|uminp)$`)

// copied returns the registers of an instruction that moves one to another.
func copied(in Inst) (from, to int, ok bool) {
	a := in.Args
	switch {
	case strings.HasPrefix(in.Op, "VMOVA") || in.Op == "MOVD" || in.Op == "MOVQ" && a[0].Kind == integer:
		return a[0].Reg, a[1].Reg, true
	case in.Op == "VORR" && a[0] == a[1]:
		return a[0].Reg, a[2].Reg, true
	}
	return 0, 0, false
}

// nothingAt reports whether an instruction does nothing: adds 0, or moves a register to itself.
func nothingAt(in Inst) bool {
	a := in.Args
	return len(a) == 2 && (in.Op == "ADD" || in.Op == "SUB") && a[0] == Arg{} || in.Op == "MOVD" && a[0] == a[1] ||
		in.Op == "NOP"
}

// reached runs the interpreter with what an instruction sets replaced: by garbage, in the registers in which what
// another instruction sets differs. It reports whether it runs into it, and whether the results are those of the
// definition nevertheless.
func reached(v *Prover, fn *Func, at int, other *Inst) (reached, same bool) {
	w := *v
	w.step = func(p *proof, s *state) []*state {
		if s.pc != at {
			return p.step(s)
		}
		reached = true
		b := s.clone()
		if sem, ok := fn.arch.does[other.Op]; ok {
			sem.Run(p, b, other)
		}
		next := p.step(s)
		for _, n := range next {
			for r := range n.v {
				for i := range n.v[r] {
					if n.v[r][i] != b.v[r][i] {
						n.v[r][i] = number(0x5a5a5a5a)
					}
				}
			}
			for r := range n.k {
				for i := range n.k[r] {
					if n.k[r][i] != b.k[r][i] {
						n.k[r][i].C ^= 1
					}
				}
			}
			for r := range n.g {
				if n.g[r] != b.g[r] {
					n.g[r] = con(0x5a5a5a5a5a5a)
				}
			}
		}
		return next
	}
	err := interpretedAny(&w, fn, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 77})
	return reached, err == nil
}

// ofUnreadMask reports whether an instruction makes the address of a mask from which the next load is, and whose lanes
// nothing reads: a tail that stores lane by lane needs none.
func ofUnreadMask(v *Prover, m mutant, code []Inst) bool {
	last := func(in Inst) int { return in.Args[len(in.Args)-1].Reg }
	reg, setAgain := last(code[m.at]), false
	for j := m.at + 1; j < min(len(code), m.at+8); j++ {
		switch in := code[j]; {
		case in.control != onward:
			return false
		case setOp.MatchString(in.Op) && last(in) == reg:
			setAgain = true
		case in.Op == "FMOVQ" && in.Args[0].Kind == memory:
			if !setAgain && read(code, j, reg) || read(code, j, in.Args[0].Reg) {
				return false
			}
			mask := in.Args[1]
			mask.Shape = "B16"
			_, same := reached(v, m.fn, j, &Inst{Op: "VEOR", Args: []Arg{mask, mask, mask}})
			return same
		}
	}
	return false
}

// unread returns why what a mutant does otherwise reaches no element, or nothing.
func unread(v *Prover, m mutant, code []Inst) string {
	class, _, _ := v.theorem(m.fn)
	if m.fn.arch != arm64 && class != FMARoots || code[m.at].control != onward {
		return ""
	}
	if next := code[m.at+1]; next.Op == "VDUP" && m.kind == "operation" && m.to.Args[1] == code[m.at].Args[1] {
		return "of the scalar, and what lies behind it, the lowest lane is taken"
	}
	if class == Preludes {
		return ""
	}
	if nothingAt(code[m.at]) && nothingAt(m.to) {
		return "neither does something"
	}
	stores := func(in Inst) bool { return len(in.Args) > 0 && in.Args[len(in.Args)-1].Kind == memory }
	switch reached, same := reached(v, m.fn, m.at, &m.to); {
	case !reached:
		return "no number of elements takes it there: a whole vector, where less than one is left"
	case same && !stores(code[m.at]) && !stores(m.to):
		return "no element depends on what it sets otherwise: garbage there changes nothing"
	case ofUnreadMask(v, m, code):
		return "it is of the address of a mask that nothing reads"
	}
	return ""
}

// repeated reports whether a mutant drops what the same straight line has done already.
func repeated(m mutant, code []Inst) bool {
	in := code[m.at]
	last := func(in Inst) Arg { return in.Args[len(in.Args)-1] }
	if m.kind != "dropped" && (m.kind != "register" || last(m.to) == last(in)) {
		return false
	}
	for j := m.at - 1; j >= 0 && code[j].To < 0 && code[j].Op != "CALL"; j-- {
		if code[j].Text == in.Text {
			return true
		}
		if set := code[j].Args; len(set) > 0 {
			for _, a := range in.Args {
				if last := set[len(set)-1]; a.Kind == last.Kind && a.Reg == last.Reg {
					return false
				}
			}
		}
	}
	return false
}

var commuting = regexp.MustCompile(
	`^(V(ADD|MUL|AND|OR|PXOR|FN?MADD231|EOR|FML[AS]|PMAXU|PMINS|PADD)|fadd|fmul|fcmeq|fmax|fmin|frsqrts)`)

// setOp are operations that set a general register without reading it, and ownOp those that read it for itself alone.
var (
	setOp = regexp.MustCompile(`^(MOVQ|MOVL|LEAQ|MOVD|MOVWU|MOVHU)$`)
	ownOp = regexp.MustCompile(`^((ADD|SUB|SHL|AND|DEC)Q|ADD|SUB|LSL|AND)$`)
)

// read reports whether an instruction behind one may read what a general register has there.
func read(code []Inst, at, reg int) bool {
	seen := make([]bool, len(code))
	for todo := successors(code, at); len(todo) > 0; {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[i] {
			continue
		}
		seen[i] = true
		in, sets := code[i], false
		for j, a := range in.Args {
			last := j == len(in.Args)-1
			itself := a.Kind == integer && a.Reg == reg
			switch {
			case a.Kind == memory && (a.Reg == reg || a.Scale != 0 && a.Index == reg):
				return true
			case in.control == call && reg == preludePointer:
				return true
			case itself && last && (setOp.MatchString(in.Op) || len(in.Args) == 3 && ownOp.MatchString(in.Op)):
				sets = true
			case itself && last && ownOp.MatchString(in.Op):
			case itself:
				return true
			}
		}
		if !sets {
			todo = append(todo, successors(code, i)...)
		}
	}
	return false
}

var every = flag.Uint64("mutants", 397, "prove one mutant of so many; 1: all")

var mutantsOf = flag.String("of", "", "mutants of functions whose names have this, alone")

// Of every mutant the proof fails, but of those that do the same.
func TestMutants(t *testing.T) {
	of := map[*arch]*Prover{}
	var all []mutant
	for _, v := range provers(t) {
		of[v.File.arch] = v
		for _, fn := range v.File.Funcs {
			if class, _, err := v.theorem(fn); err == nil && Covered[class] && strings.Contains(fn.Name, *mutantsOf) {
				all = append(all, mutants(t, fn)...)
			}
		}
	}
	step := *every
	if testing.Short() {
		step *= 8
	}
	all = slices.DeleteFunc(all, func(m mutant) bool { // whichever others there are
		h := fnv.New64a()
		h.Write([]byte(m.String()))
		return h.Sum64()%step != 0
	})
	var mu sync.Mutex
	var wg sync.WaitGroup
	tried, same := 0, map[string]int{}
	for worker := range runtime.GOMAXPROCS(0) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := worker; i < len(all); i += runtime.GOMAXPROCS(0) {
				why, err := surviving(of[all[i].fn.arch], all[i])
				mu.Lock()
				if tried++; err != nil {
					t.Errorf("%s: %v", all[i], err)
				} else if why != "" {
					same[why]++
				}
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	t.Logf("%d mutants", tried)
	for _, why := range slices.Sorted(maps.Keys(same)) {
		t.Logf("%d are proven, since %s", same[why], why)
	}
	if *mutantsOf == "" && tried < 200 || len(same) == 0 {
		t.Errorf("%d mutants, of which %d kinds do the same: too few to say something", tried, len(same))
	}
}

// surviving returns why a mutant is proven, or nothing if it is not. It is an error that it is proven without a reason,
// or against the definition.
func surviving(v *Prover, m mutant) (why string, err error) {
	fn := m.mutated()
	if _, _, err := v.Prove(fn); err != nil {
		return "", nil
	}
	if class, _, _ := v.theorem(fn); class != Preludes {
		if err := interpretedAny(v, fn, []int{0, 1, 6, 15, 16, 77}); err != nil {
			return "", fmt.Errorf("is proven, but %w", err)
		}
	}
	code, _ := m.fn.Code()
	for _, e := range equivalences {
		if e.is(m, code) {
			return e.why, nil
		}
	}
	if why := unread(v, m, code); why != "" {
		return why, nil
	}
	return "", errors.New("is proven, and nobody knows why")
}
