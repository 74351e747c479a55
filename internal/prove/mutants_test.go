package prove

import (
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
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
	return &Func{Name: m.fn.Name, ArgBytes: m.fn.ArgBytes, FrameBytes: m.fn.FrameBytes, code: code}
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
	"JLT": {"JLE", "JGE"}, "JLE": {"JLT", "JGT"}, "JGE": {"JGT", "JLT"}, "JEQ": {"JNE"}, "JNE": {"JEQ"},
}

var (
	vectorToken = regexp.MustCompile(`\b[XYZ]\d+\b`)
	maskToken   = regexp.MustCompile(`\bK\d\b`)
	intToken    = regexp.MustCompile(`\b(AX|CX|DX|BX|SI|DI|R8|R9|R1[0-5])\b`)
	immToken    = regexp.MustCompile(`\$[+-]?\w+`)
	dispToken   = regexp.MustCompile(`(-?\d+)?\(([A-Z0-9]+)\)|\+\d+\((FP|SB)\)`)
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
			to, err := parseInst(text, in.Line)
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
			j := slices.Index(integers[:], r)
			for j = (j + 1) % 16; j == regSP || j == regBP; j++ {
			}
			return []string{integers[j]}
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
	{"the operands of a sum or a product commute", func(m mutant, code []Inst) bool {
		return m.kind == "swapped operands" && commuting.MatchString(m.to.Op)
	}},
	{"it moves elements between loops and the tail, which do any number", func(m mutant, code []Inst) bool {
		in := code[m.at]
		return in.Op == "CMPQ" && m.kind == "number" || slices.Contains([]string{"JLT", "JLE", "JGE"}, in.Op)
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
		return m.kind == "dropped" && code[m.at].Op == "JMP"
	}},
	{"no half is taken from the register, or none that the fold takes", func(m mutant, code []Inst) bool {
		fold := m.to.Op == "VPERM2F128" && m.to.Args[0].Disp&0x22 == 0 || m.to.Op == "VSHUFF32X4"
		return fold && slices.Equal(m.to.Args[2:], code[m.at].Args[2:])
	}},
	{"of a mask in memory the highest bits count alone", func(m mutant, code []Inst) bool {
		return m.to.Op == "ADDQ" && m.kind == "number" && m.to.Args[0].Disp == 31 && code[m.at+1].Op[:6] == "VMOVUP"
	}},
	{"both registers have the same, a number or the code of a Prelude", func(m mutant, code []Inst) bool {
		return m.kind == "register" && slices.Contains([]string{"CALL", "XORQ", "SUBQ"}, m.to.Op)
	}},
	{"its result becomes all ones, whatever it was", func(m mutant, code []Inst) bool {
		ones := func(in Inst) bool { return in.Op == "VPTERNLOGD" && in.Args[0].Disp == 0xff }
		in := code[m.at]
		if ones(in) && ones(m.to) {
			return in.Args[3] == m.to.Args[3]
		}
		return m.at+1 < len(code) && ones(code[m.at+1]) && in.Op == "VPXORD" && code[m.at+1].Args[3] == in.Args[2]
	}},
	{"the other register is a copy", func(m mutant, code []Inst) bool {
		if m.kind != "register" {
			return false
		}
		for i := range m.to.Args {
			a, b := m.to.Args[i], code[m.at].Args[i]
			if a == b {
				continue
			}
			for j := m.at - 1; j >= 0; j-- {
				c := code[j]
				if c.Op[:min(5, len(c.Op))] == "VMOVA" && (c.Args[0].Reg == a.Reg && c.Args[1].Reg == b.Reg ||
					c.Args[0].Reg == b.Reg && c.Args[1].Reg == a.Reg) {
					return true
				}
			}
		}
		return false
	}},
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

var commuting = regexp.MustCompile(`^V(ADD|MUL|AND|OR|PXOR|FMADD231)`)

// setOp are operations that set a general register without reading it, and ownOp those that read it for itself alone.
var (
	setOp = regexp.MustCompile(`^(MOVQ|MOVL|LEAQ)$`)
	ownOp = regexp.MustCompile(`^(ADD|SUB|SHL|AND|DEC)Q$`)
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
			case in.Op == "CALL" && reg == preludePointer:
				return true
			case itself && last && setOp.MatchString(in.Op):
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

var every = flag.Uint64("mutants", 89, "prove one mutant of so many; 1: all")

// Of every mutant the proof fails, but of those that do the same.
func TestMutants(t *testing.T) {
	v := prover(t)
	var all []mutant
	for _, fn := range v.File.Funcs {
		if class, _, err := v.theorem(fn); err == nil && Covered[class] {
			all = append(all, mutants(t, fn)...)
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
				why, err := surviving(v, all[i])
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
	for _, e := range equivalences {
		t.Logf("%d are proven, since %s", same[e.why], e.why)
	}
	if tried < 200 || len(same) == 0 {
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
	return "", errors.New("is proven, and nobody knows why")
}
