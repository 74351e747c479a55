package prove

import (
	bytesof "encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/cpuid/v2"

	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// What a machine's state is: 32 vector registers, 64 bytes of memory, a mask and two integers.
const (
	vectorsAt, memoryAt, maskAt, intsAt = 0, 32 * 64, 33 * 64, 33*64 + 8
	stateBytes                          = 34 * 64
	trials                              = 40
)

// A hardware is how instructions of an architecture are tried: text before and after them, and what they may use.
type hardware struct {
	of            *arch
	memory        string // the address of the state's memory
	pointer       int    // its register
	ints          [2]int
	mask          string
	alone         func(in Inst) bool // whether an instruction is more than control, or of addresses
	before, after string
	forms         int // of an instruction that is a number how many are tried, of one form
}

var hardwares = map[string]hardware{
	"amd64": {amd64, "(AX)", 0, [2]int{1, 2}, "K1", func(in Inst) bool {
		return !slices.Contains([]string{"MOVQ", "MOVL", "LEAQ", "CMPQ", "TESTQ", "VZEROUPPER"}, in.Op)
	}, "\tMOVQ s+0(FP), DI\n" + manyLines("\tVMOVUPS %d(DI), Z%d\n") + fmt.Sprintf(
		"\tKMOVW %d(DI), K1\n\tLEAQ %d(DI), AX\n\tMOVQ %d(DI), CX\n\tMOVQ %d(DI), DX\n", maskAt, memoryAt, intsAt,
		intsAt+8), manyLines("\tVMOVUPS Z%[2]d, %[1]d(DI)\n") + fmt.Sprintf(
		"\tKMOVW K1, %d(DI)\n\tMOVQ CX, %d(DI)\n\tMOVQ DX, %d(DI)\n\tVZEROUPPER\n\tRET\n", maskAt, intsAt,
		intsAt+8), 1},
	"arm64": {arm64, "(R0)", 0, [2]int{1, 2}, "", func(in Inst) bool {
		ofAddress := slices.ContainsFunc(in.Args, func(a Arg) bool {
			return a.Kind == address || a.Kind == memory || a.Kind == local
		})
		return in.Op != "CMP" && (in.Op != "MOVD" || !ofAddress)
	}, "\tMOVD s+0(FP), R3\n" + manyLines("\tFMOVQ %d(R3), F%d\n") + fmt.Sprintf(
		"\tADD $%d, R3, R0\n\tMOVD %d(R3), R1\n\tMOVD %d(R3), R2\n", memoryAt, intsAt, intsAt+8),
		manyLines("\tFMOVQ F%[2]d, %[1]d(R3)\n") + fmt.Sprintf("\tMOVD R1, %d(R3)\n\tMOVD R2, %d(R3)\n\tRET\n", intsAt,
			intsAt+8), 4},
}

// manyLines is a line for each vector register.
func manyLines(format string) (text string) {
	for r := range 32 {
		text += fmt.Sprintf(format, vectorsAt+64*r, r)
	}
	return text
}

// The processor does what the table says: every instruction that proven functions have, of each form, on registers and
// memory of numbers at the edges.
func TestHardware(t *testing.T) {
	c := cpuid.CPU
	if runtime.GOARCH != "amd64" || !c.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512BW,
		cpuid.AVX512VL) {
		t.Skip("the machine has not all instructions")
	}
	tryHardware(t, "amd64", nil)
}

// TestArchHardware is TestHardware for arm64: on one, or under an emulator.
func TestArchHardware(t *testing.T) {
	var emulator []string
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" || runtime.GOOS == "windows" {
		t.Skip("no machine of arm64")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	if path, err := exec.LookPath("qemu-aarch64-static"); err == nil {
		emulator = []string{path}
	} else if runtime.GOARCH != "arm64" {
		t.Skip(err)
	}
	tryHardware(t, "arm64", emulator)
}

func tryHardware(t *testing.T, goarch string, emulator []string) {
	h := hardwares[goarch]
	insts := h.instructions(t)
	n := trials
	if testing.Short() {
		n /= 10
	}
	r, in := edge.Rand(1), []byte(nil)
	for _, inst := range insts {
		for range n {
			in = append(in, randomState(r, inst)...)
		}
	}
	out := h.execute(t, goarch, emulator, insts, in)
	ops := map[string]bool{}
	for i, inst := range insts {
		ops[inst.Op] = true
		for j := range n {
			at := (i*n + j) * stateBytes
			if err := h.same(inst, in[at:at+stateBytes], out[at:at+stateBytes]); err != nil {
				t.Errorf("%s: %v", inst.Text, err)
				break
			}
		}
	}
	t.Logf("%d forms of %d instructions", len(insts), len(ops))
}

// instructions returns those of each form: all that differ in more than the registers' numbers.
func (h hardware) instructions(t *testing.T) (all []Inst) {
	v, seen := prover(t, h.of), map[string]int{}
	for _, fn := range v.File.Funcs {
		if class, _, err := v.theorem(fn); err != nil || !Covered[class] {
			continue
		}
		code, err := fn.Code()
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range code {
			ofFrame := slices.ContainsFunc(in.Args, func(a Arg) bool { return a.Kind == frame })
			if in.control != onward || !h.alone(in) || ofFrame || in.Op == "NOP" {
				continue
			}
			var form, args []string
			for i, a := range strings.Split(strings.TrimSpace(strings.TrimPrefix(in.Text, in.Op)), ", ") {
				same := slices.IndexFunc(in.Args, func(b Arg) bool {
					return b.Kind == in.Args[i].Kind && b.Reg == in.Args[i].Reg
				})
				switch in.Args[i].Kind {
				case memory, static:
					a = h.memory
					form = append(form, a)
				case maskReg:
					a = h.mask
					form = append(form, a)
				case integer:
					a = h.of.integers[h.ints[i%2]]
					form = append(form, a)
				case vectorReg: // which are the same matters, and what is behind their numbers
					form = append(form, a[:1]+fmt.Sprint(same)+strings.TrimLeft(a[1:], "0123456789"))
				default:
					form = append(form, a)
				}
				args = append(args, a)
			}
			key := in.Op + fmt.Sprint(form)
			if seen[key]++; seen[key] > 1 && (in.Word == 0 || seen[key] > h.forms) {
				continue
			}
			alone, err := h.of.inst(in.Op+" "+strings.Join(args, ", "), in.Line)
			if err != nil {
				t.Fatal(err)
			}
			alone.Word = in.Word
			all = append(all, alone)
		}
	}
	return all
}

// laneBits is how long the numbers of an instruction are.
func laneBits(in Inst) int {
	op := in.Op
	for _, a := range in.Args {
		if strings.HasPrefix(a.Shape, "D") {
			return 64
		}
	}
	for _, end := range []string{"PD", "PD.Z", "SD", "Q", "FMOVD"} {
		if strings.HasSuffix(op, end) {
			return 64
		}
	}
	return 32
}

// randomState fills vector registers with a few numbers, often the same.
func randomState(r *rand.Rand, in Inst) []byte {
	s := make([]byte, stateBytes)
	var pool [6]uint64
	for i := range pool {
		if laneBits(in) == 64 || strings.Contains(in.Op, "PD") {
			pool[i] = math.Float64bits(edge.Value[float64](r))
		} else {
			for range 2 {
				pool[i] = pool[i]<<32 | uint64(math.Float32bits(edge.Value[float32](r)))
			}
		}
	}
	pool[0] = 0xa9a9a811_a9a9a811 // of kinds
	for at := 0; at < maskAt; at += 8 {
		v := pool[1+r.IntN(5)]
		if strings.HasPrefix(in.Op, "VFIXUPIMM") && in.Args[1].Reg == at/64 {
			v = pool[0]
		}
		bytesof.LittleEndian.PutUint64(s[at:], v)
	}
	for at := maskAt; at < stateBytes; at += 8 {
		bytesof.LittleEndian.PutUint64(s[at:], r.Uint64()>>r.IntN(64)&(1<<40-1))
	}
	return s
}

// execute runs each instruction on its states, in a program of its own.
func (h hardware) execute(t *testing.T, goarch string, emulator []string, insts []Inst, in []byte) []byte {
	dir := t.TempDir()
	var asm, stubs, calls strings.Builder
	asm.WriteString("#include \"textflag.h\"\n")
	for i, inst := range insts {
		text := inst.Text
		if inst.Word != 0 {
			text = fmt.Sprintf("WORD $%#x", inst.Word)
		}
		fmt.Fprintf(&asm, "\nTEXT ·i%d(SB), NOSPLIT, $0-8\n%s\t%s\n%s", i, h.before, text, h.after)
		fmt.Fprintf(&stubs, "\n//go:noescape\nfunc i%d(s *byte)\n", i)
		fmt.Fprintf(&calls, "i%d, ", i)
	}
	trials := len(in) / stateBytes / len(insts)
	main := fmt.Sprintf(`package main

import (
	"io"
	"os"
)

func main() {
	s, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	for i, f := range []func(*byte){%s} {
		for j := range %d {
			f(&s[(i*%d+j)*%d])
		}
	}
	os.Stdout.Write(s)
}
%s`, calls.String(), trials, trials, stateBytes, stubs.String())
	files := map[string]string{"go.mod": "module hardware\n\ngo 1.24\n", "main.go": main, "i.s": asm.String()}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-trimpath", "-o", "hardware", ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	command := append(emulator[:len(emulator):len(emulator)], filepath.Join(dir, "hardware"))
	run := exec.Command(command[0], command[1:]...)
	run.Stdin = strings.NewReader(string(in))
	out, err := run.Output()
	if err != nil || len(out) != len(in) {
		t.Fatalf("%d bytes, want %d: %v", len(out), len(in), err)
	}
	return out
}

// bounds are by how much the estimates of amd64 err, relatively.
var bounds = map[string]float64{"VRSQRTPS": 1.5 * 0x1p-12, "VRSQRT14PS": 0x1p-14, "VRSQRT14PD": 0x1p-14}

// within reports whether an estimate of 1/sqrt(x) errs by no more than a bound; that of a subnormal number may be that
// of a zero of its sign.
func within(bound float64, size uint8, x, got, want V) bool {
	float := func(v V) float64 {
		if size == 32 {
			return float64(math.Float32frombits(uint32(v.C)))
		}
		return math.Float64frombits(v.C)
	}
	least := 0x1p-126
	if size == 64 {
		least = 0x1p-1022
	}
	g, w := float(got), float(want)
	return math.Abs(g-w) <= (bound+0x1p-24)*w || math.Abs(float(x)) < least && g == 1/math.Copysign(0, float(x))
}

// same executes an instruction by the table, and compares what becomes of the state.
func (h hardware) same(in Inst, before, after []byte) (err error) {
	size, storage := laneBits(in)/8, table.Element
	if slices.Contains([]string{"VPMOVZXBD", "MOVHU", "MOVWU"}, in.Op) {
		size, storage = 4, table.Byte
	}
	th := &theorem{elemSize: size, operands: []table.Operand{{Name: "m", Read: true, Write: true, Storage: storage}},
		features: map[string]bool{}}
	p := newProof(&File{arch: h.of}, &Func{}, []Inst{in, {Op: "RET", To: -1}}, th)
	defer func() { err = recovered(recover(), err) }()
	sym := p.operand(0, Lin{})
	bytes := storage.Size(size)
	elems := make([]uint64, 64/bytes)
	for i := range elems {
		for b := range bytes {
			elems[i] |= uint64(before[memoryAt+i*bytes+b]) << (8 * b)
		}
	}
	p.memory, p.guess = &numbers{of: map[Sym][]uint64{sym: elems}}, true
	s := p.entry()
	s.open = []progress{{sym: sym, Len: con(int64(len(elems)))}}
	u := func(b []byte, at int) uint64 { return bytesof.LittleEndian.Uint64(b[at:]) }
	s.g[h.pointer] = sym.lin()
	for i, r := range h.ints {
		s.g[r] = con(int64(u(before, intsAt+8*i)))
	}
	for r := range s.v {
		for w := range s.v[r] {
			s.v[r][w] = number(uint64(bytesof.LittleEndian.Uint32(before[vectorsAt+64*r+4*w:])))
		}
	}
	for i := range s.k[1] {
		s.k[1][i] = bit(u(before, maskAt)>>i&1 != 0)
	}
	from := s.v
	h.of.does[in.Op].Run(p, s, &in)
	width := p.width()
	if h.of == amd64 {
		width = 16
	}
	for r := range s.v {
		for i := range width * 32 / laneBits(in) {
			lane := laneBits(in)
			var got uint64
			for b := range lane / 8 {
				got |= uint64(after[vectorsAt+64*r+i*lane/8+b]) << (8 * b)
			}
			want := p.lane(&s.v[r], uint8(lane), i)
			if bound := bounds[in.Op]; bound > 0 && r == in.Args[1].Reg && i < in.Args[1].Words*32/lane &&
				within(bound, uint8(lane), p.lane(&from[in.Args[0].Reg], uint8(lane), i), number(got), want) {
				continue
			}
			if got != want.C && !(nan(number(got), uint8(lane)) && nan(want, uint8(lane))) {
				return fmt.Errorf("register %d, lane %d is %#x, by the table %#x", r, i, got, want.C)
			}
		}
	}
	if in.Args[len(in.Args)-1].Kind == maskReg {
		for i := range s.k[1] {
			if got := u(after, maskAt) >> i & 1; got != s.k[1][i].C {
				return fmt.Errorf("bit %d of the mask is %d", i, got)
			}
		}
	}
	for i := range elems {
		for b := range bytes {
			if got, want := after[memoryAt+i*bytes+b], byte(elems[i]>>(8*b)); got != want {
				return fmt.Errorf("byte %d of memory is %#x, by the table %#x", i*bytes+b, got, want)
			}
		}
	}
	if got, want := int64(u(after, intsAt)), s.g[h.ints[0]]; want != con(got) {
		return fmt.Errorf("the first integer is %d, by the table %d", got, want.C)
	}
	if got, want := int64(u(after, intsAt+8)), s.g[h.ints[1]]; want != con(got) {
		return fmt.Errorf("the second integer is %d, by the table %d", got, want.C)
	}
	return nil
}
