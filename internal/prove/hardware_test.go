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

// What a machine's state is for TestHardware: 32 vector registers, 64 bytes of memory, a mask and two integers.
const (
	vectorsAt, memoryAt, maskAt, intsAt = 0, 32 * 64, 33 * 64, 33*64 + 8
	stateBytes                          = 34 * 64
	trials                              = 100
)

// The processor does what the table says: every instruction that proven functions have, of each form, on registers and
// memory of numbers at the edges.
func TestHardware(t *testing.T) {
	c := cpuid.CPU
	if runtime.GOARCH != "amd64" || !c.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512BW,
		cpuid.AVX512VL) {
		t.Skip("the machine has not all instructions")
	}
	insts := forms(t)
	r, in := edge.Rand(1), []byte(nil)
	for _, inst := range insts {
		for range trials {
			in = append(in, randomState(r, inst)...)
		}
	}
	out := execute(t, insts, in)
	ops := map[string]bool{}
	for i, inst := range insts {
		ops[inst.Op] = true
		for j := range trials {
			at := (i*trials + j) * stateBytes
			if err := sameState(inst, in[at:at+stateBytes], out[at:at+stateBytes]); err != nil {
				t.Errorf("%s: %v", inst.Text, err)
				break
			}
		}
	}
	t.Logf("%d forms of %d instructions", len(insts), len(ops))
}

// notAlone are the instructions that TestHardware does not execute: they are about addresses, or control.
var notAlone = map[string]bool{"MOVQ": true, "MOVL": true, "LEAQ": true, "CMPQ": true, "TESTQ": true, "RET": true,
	"CALL": true, "VZEROUPPER": true}

// forms returns an instruction of each form: all those that differ in more than the registers' numbers. Memory is at
// AX.
func forms(t *testing.T) (all []Inst) {
	v, seen := prover(t), map[string]bool{}
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
			if in.To >= 0 || notAlone[in.Op] || ofFrame {
				continue
			}
			var form, args []string
			for i, a := range strings.Split(strings.TrimSpace(strings.TrimPrefix(in.Text, in.Op)), ", ") {
				switch in.Args[i].Kind {
				case memory, static:
					a = "(AX)"
					form = append(form, a)
				case maskReg:
					a = "K1"
					form = append(form, a)
				case integer:
					a = []string{"CX", "DX"}[i%2]
					form = append(form, a)
				case vectorReg:
					form = append(form, a[:1]+fmt.Sprint(slices.Index(args, a))) // which are the same matters
				default:
					form = append(form, a)
				}
				args = append(args, a)
			}
			key := in.Op + fmt.Sprint(form)
			if seen[key] {
				continue
			}
			seen[key] = true
			alone, err := parseInst(in.Op+" "+strings.Join(args, ", "), in.Line)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, alone)
		}
	}
	return all
}

// laneBits is how long the numbers of an instruction are.
func laneBits(op string) int {
	for _, end := range []string{"PD", "PD.Z", "SD", "Q"} {
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
		if laneBits(in.Op) == 64 {
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
func execute(t *testing.T, insts []Inst, in []byte) []byte {
	dir := t.TempDir()
	var asm, stubs, calls strings.Builder
	asm.WriteString("#include \"textflag.h\"\n")
	for i, inst := range insts {
		fmt.Fprintf(&asm, "\nTEXT ·i%d(SB), NOSPLIT, $0-8\n\tMOVQ s+0(FP), DI\n", i)
		for r := range 32 {
			fmt.Fprintf(&asm, "\tVMOVUPS %d(DI), Z%d\n", vectorsAt+64*r, r)
		}
		fmt.Fprintf(&asm, "\tKMOVW %d(DI), K1\n\tLEAQ %d(DI), AX\n\tMOVQ %d(DI), CX\n\tMOVQ %d(DI), DX\n\t%s\n", maskAt,
			memoryAt, intsAt, intsAt+8, inst.Text)
		for r := range 32 {
			fmt.Fprintf(&asm, "\tVMOVUPS Z%d, %d(DI)\n", r, vectorsAt+64*r)
		}
		fmt.Fprintf(&asm, "\tKMOVW K1, %d(DI)\n\tMOVQ CX, %d(DI)\n\tMOVQ DX, %d(DI)\n\tVZEROUPPER\n\tRET\n",
			maskAt, intsAt, intsAt+8)
		fmt.Fprintf(&stubs, "\n//go:noescape\nfunc i%d(s *byte)\n", i)
		fmt.Fprintf(&calls, "i%d, ", i)
	}
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
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	run := exec.Command(filepath.Join(dir, "hardware"))
	run.Stdin = strings.NewReader(string(in))
	out, err := run.Output()
	if err != nil || len(out) != len(in) {
		t.Fatalf("%d bytes, want %d: %v", len(out), len(in), err)
	}
	return out
}

// sameState executes an instruction by the table, and compares what becomes of the state.
func sameState(in Inst, before, after []byte) (err error) {
	size, storage := laneBits(in.Op)/8, table.Element
	if in.Op == "VPMOVZXBD" {
		size, storage = 4, table.Byte
	}
	th := &theorem{elemSize: size, operands: []table.Operand{{Name: "m", Read: true, Write: true, Storage: storage}},
		features: map[string]bool{}}
	p := newProof(&File{}, &Func{}, []Inst{in, {Op: "RET", To: -1}}, th)
	defer func() { err = recovered(recover(), err) }()
	sym := p.operand(0, Lin{})
	bytes := storage.Size(size)
	elems := make([]uint64, 64/bytes)
	for i := range elems {
		for b := range bytes {
			elems[i] |= uint64(before[memoryAt+i*bytes+b]) << (8 * b)
		}
	}
	p.memory = &numbers{of: map[Sym][]uint64{sym: elems}}
	s := p.entry()
	s.open = []progress{{sym: sym, Len: con(int64(len(elems)))}}
	u := func(b []byte, at int) uint64 { return bytesof.LittleEndian.Uint64(b[at:]) }
	s.g[0], s.g[1], s.g[2] = sym.lin(), con(int64(u(before, intsAt))), con(int64(u(before, intsAt+8)))
	for r := range s.v {
		for w := range s.v[r] {
			s.v[r][w] = number(uint64(bytesof.LittleEndian.Uint32(before[vectorsAt+64*r+4*w:])))
		}
	}
	for i := range s.k[1] {
		s.k[1][i] = bit(u(before, maskAt)>>i&1 != 0)
	}
	amd64[in.Op].Run(p, s, &in)
	for r := range s.v {
		for i := range 64 * 8 / laneBits(in.Op) {
			lane := laneBits(in.Op)
			var got uint64
			for b := range lane / 8 {
				got |= uint64(after[vectorsAt+64*r+i*lane/8+b]) << (8 * b)
			}
			want := p.lane(&s.v[r], uint8(lane), i)
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
	if got, want := int64(u(after, intsAt)), s.g[1]; want != con(got) {
		return fmt.Errorf("CX is %d, by the table %d", got, want.C)
	}
	if got, want := int64(u(after, intsAt+8)), s.g[2]; want != con(got) {
		return fmt.Errorf("DX is %d, by the table %d", got, want.C)
	}
	return nil
}
