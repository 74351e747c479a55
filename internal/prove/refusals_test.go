package prove

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
)

// edited is the prover of a file in which a function has other text.
func edited(t *testing.T, v *Prover, name, old, by string) (*Prover, *Func) {
	t.Helper()
	fn := *v.File.Func(name)
	if n := strings.Count(string(fn.text), old); n == 0 {
		t.Fatalf("%s has no %q", name, old)
	}
	fn.text, fn.code = []byte(strings.Replace(string(fn.text), old, by, 1)), nil
	f := *v.File
	f.byName = maps.Clone(f.byName)
	f.byName[name] = &fn
	return &Prover{File: &f, Backends: v.Backends}, &fn
}

// edit is a prover of a copy of the file, whose data may be changed.
func edit(v *Prover) *Prover {
	return &Prover{File: &File{arch: v.File.arch, Data: maps.Clone(v.File.Data), byName: v.File.byName},
		Backends: v.Backends}
}

// refusedARM64 are edits that no proof of arm64 must take.
var refusedARM64 = []struct{ why, name, old, by, want string }{
	{"a loop without end", "sgdF32NEON", "loop1xDone:\n\tB endif", "loop1xDone:\n\tB loop1xDone", "need not end"},
	{"a register of the goroutine", "sgdF32NEON", "\tMOVWU 24(R6), R3\n", "\tMOVWU 24(R6), R3\n\tADD $0, R28\n",
		"argument"},
	{"a call that may change R16", "sgdEachF64NEON", "\tADD $24, R2\n", "\tADD $24, R16, R2\n", "reads xs"},
	{"flags of a callee", "sgdF32NEON", "\nprelude4xDone:\n", "\nprelude4xDone:\n\tBLT loop4xDone2\n", "no comparison"},
	{"an argument of the caller", "preludeF32NEONx4Use1<>", "\tRET", "\tMOVD c+8(FP), R12\n\tRET", "no argument"},
	{"a register that the caller has", "preludeF32NEONx4Use1<>", "\tRET", "\tVEOR V10.B16, V10.B16, V10.B16\n\tRET",
		"vector register 10"},
	{"the caller's pointer", "preludeF32NEONx4Use1<>", "\tRET", "\tADD $4, R12\n\tRET", "general register"},
	{"memory behind the tail", "sgdF32NEON", "\tVLD1 (R3), V0.S[0]\n", "\tFMOVD (R3), F0\n", "need not be there"},
	{"a store behind the tail", "sgdF32NEON", "\tVST1 V0.S[0], (R1)\n", "\tFMOVD F0, (R1)\n", "need not be there"},
	{"an element that is stored twice", "sgdF32NEON", "\tVST1 V0.S[0], (R1)\n",
		"\tVST1 V0.S[0], (R1)\n\tVST1 V0.S[0], (R1)\n", "written already"},
	{"a comparison the wrong way round", "sgdF32NEON", "\tCMP   $16, R0\n\tBGE   loop4x\n",
		"\tMOVD $16, R9\n\tCMP R0, R9\n\tBGE loop4x\n", ""},
	{"a number of no instruction that proofs know", "sgdF32NEON", "\tWORD  $0x6e21dd41", "\tWORD  $0x2e21dd41",
		"no instruction"},
	{"the larger of numbers with signs", "maxAbsF32NEON", "\tWORD  $0x4ea0fa10", "\tNOP", "want"},
	{"a line that is not joined", "maxAbsF32NEON", "\tWORD $0x4e28f400", "\tNOP", "want"},
	{"two lanes of four", "sgdF32NEON", "\tWORD  $0x6e21dd41", "\tWORD  $0x6e61dd41", "want"},
	{"+0 added to a chain of fma, which may be -0", "dotF32NEON", "lanesDone:\n",
		"lanesDone:\n\tVEOR V7.B16, V7.B16, V7.B16\n\tWORD $0x4e27d400\n", "want"},
	{"arguments of what does nothing", "sgdF32NEON", "\tRET\n", "\tNOP R0\n\tRET\n", "no arguments"},
	{"a sum that wraps", "sgdF32NEON", "\tCMP   $0, R0\n\tBLE   endif2\n",
		"\tADD $8, R20, R21\n\tCMP R21, R20\n\tBLT endif2\n\tCMP   $0, R0\n\tBLE   endif2\n", "may have wrapped"},
	{"an operand that is never nil", "sgdF32NEON", "\tCBNZ  R6, otherwise\n", "\tCBNZ R1, otherwise\n",
		"jumps by whether"},
}

// refused are edits that no proof must take, each with what it would need to overlook.
var refused = []struct{ why, name, old, by, want string }{
	{"a loop without end", "sgdF32AVX2", "loop1xDone:\n\tJMP endif", "loop1xDone:\n\tJMP loop1xDone", "need not end"},
	{"a path without lanes that asks again", "dotF32AVX2", "storeDone:\n",
		"storeDone:\n\tMOVQ lanes+8(FP), DI\n\tTESTQ DI, DI\n\tJNE more\n\tVZEROUPPER\n\tRET\nmore:\n",
		"returns nothing"},
	{"+0 added to a chain of fma, which may be -0", "dotF32AVX2", "lanesDone:\n",
		"lanesDone:\n\tVPXOR Y7, Y7, Y7\n\tVADDPS Y7, Y0, Y0\n", "want"},
	{"an argument of the caller", "preludeF32AVX2x4Use1<>", "\tRET", "\tMOVQ c+8(FP), R12\n\tRET", "no argument"},
	{"a sum that wraps", "sgdF32AVX2", "\tTESTQ        SI, SI\n",
		"\tLEAQ 8(R9), R10\n\tCMPQ R10, R9\n\tJLE endif2\n\tTESTQ SI, SI\n", "may have wrapped"},
	{"a product that wraps", "sgdF32AVX2", "\tTESTQ        SI, SI\n",
		"\tMOVQ AX, R9\n\tSHLQ $16, R9\n\tSHLQ $16, R9\n\tSHLQ $16, R9\n\tCMPQ R9, $0\n\tJLT endif2\n\tTESTQ SI, SI\n",
		"more than 30 bits"},
	{"an operand that is never nil", "sgdF32AVX2", "\tTESTQ        SI, SI\n",
		"\tTESTQ CX, CX\n\tJEQ loop4x\n\tTESTQ SI, SI\n", "jumps by whether"},
	{"a jump into a loop", "sgdF32AVX2", "\tJLT          loop4xDone\n", "\tJLT loop1x\n", "need not be there"},
	{"an element that no lane is the largest of", "maxAbsF32AVX2", "\tVMOVUPS 224(DX), Y9\n", "\tVMOVUPS 192(DX), Y9\n",
		"want"},
	{"magnitudes that are none", "maxAbsF64AVX2", "\tVANDPD    Y0, Y9, Y9\n", "", "want"},
	{"lanes that are not joined", "maxAbsF64AVX512", "\tVANDPD  Z0, Z4, Z3\n\tVPMAXUQ Z3, Z2, Z2\n", "", "want"},
	{"lines of which the last is left out", "maxAbsF32AVX512", "\tADDQ    $+256, DX\n", "\tADDQ $320, DX\n", ""},
	{"arguments of what does nothing", "sgdF32AVX2", "\tVZEROUPPER\n", "\tNOP X0, X1\n\tVZEROUPPER\n", "no arguments"},
}

// Constants are read: every bit of a mask's words that counts.
func TestDataRefusals(t *testing.T) {
	v := prover(t, amd64)
	for at := range 2 * 64 / 4 {
		w := edit(v)
		d := *w.File.Data["lineMask<>"]
		d.Bytes = slices.Clone(d.Bytes)
		d.Bytes[4*at+3] ^= 0x80
		w.File.Data["lineMask<>"] = &d
		_, _, err := w.Prove(v.File.Func("dotF32AVX2"))
		if read := at > 0 && at < 31; read == (err == nil) {
			t.Errorf("word %d of the mask: %v", at, err)
		}
	}
}

// rootsBy is the name of a function of some name that takes roots by fma: by which balance is the generator's.
func rootsBy(t *testing.T, v *Prover, name string) string {
	t.Helper()
	for _, fn := range v.File.Funcs {
		if strings.HasPrefix(fn.Name, name+"Roots") {
			return fn.Name
		}
	}
	t.Fatalf("no %s by roots", name)
	return ""
}

// refusedRoots are edits of steps that take roots by fma that no proof must take.
var refusedRoots = map[*arch][]struct{ why, name, old, by, want string }{
	amd64: {
		{"a guard that nobody asks", "adamF32AVX2", "\tJNE          unfit\n", "", "want"},
		{"a guard the wrong way round", "adamF32AVX2", "\tJNE          unfit\n", "\tJEQ unfit\n", "want"},
		{"a least root that is another", "adamF32AVX2", "·word2c000000<>+0(SB)", "·word800000<>+0(SB)", "want"},
		{"a series' other number", "adamF64AVX512", "·word3fdfffffffffffff<>", "·word3ff0000000000000<>", "want"},
		{"an estimate of another number", "adamF32AVX512", "\tVRSQRT14PS", "\tVSQRTPS", "want"},
		{"other roots taken again", "adamF32AVX2", "\nunfit:\n\tVBROADCASTSS 20(CX)", "\nunfit:\n\tVBROADCASTSS 16(CX)",
			"want"},
		{"gradients that the Prelude has not left", "adamF32AVX2", "\tVMOVUPS Y1, (R10)\n", "", "want"},
		{"gradients beyond the frame", "adamF32AVX2", "\tVMOVUPS Y1, (R10)\n", "\tVMOVUPS Y1, 1024(R10)\n",
			"of a frame of"},
		{"a frame that is not whole lines", "adamF32AVX2", "\tADDQ    $+63, R10\n", "\tADDQ $62, R10\n", "value of"},
		{"what lies below the frame", "adamF32AVX2", "\tVMOVUPS Y1, (R10)\n", "\tVMOVUPS Y1, -64(R10)\n",
			"of a frame of"},
	},
	arm64: {
		{"a guard that nobody asks", "adaGradF64NEON", ", unfit\n", ", unfitDone\n", "want"},
		{"a least root that is another", "adaGradF64NEON", "$0x23d0000000000000", "$0x23c0000000000000", "want"},
		{"a series' other number", "adaGradF64NEON", "$0x4004000000000000", "$0x4004000000000001", "want"},
		{"a frame beside the frame", "adaGradF64NEON", "$scratch-48(SP)", "$scratch-32(SP)", "not the frame's"},
	},
}

// Every number that roots by fma have from memory counts: of the estimate's steps, and of the guard.
func TestRootRefusals(t *testing.T) {
	for _, v := range provers(t) {
		for _, r := range refusedRoots[v.File.arch] {
			w, fn := edited(t, v, rootsBy(t, v, r.name), r.old, r.by)
			if _, _, err := w.Prove(fn); err == nil || !strings.Contains(err.Error(), r.want) {
				t.Errorf("%s: %v", r.why, err)
			}
		}
	}
	v := prover(t, amd64)
	for _, name := range []string{"adamF32AVX2", "adamF64AVX2", "adamF32AVX512", "adamF64AVX512"} {
		fn := v.File.Func(rootsBy(t, v, name))
		code, err := fn.Code()
		if err != nil {
			t.Fatal(err)
		}
		tried := map[string]bool{}
		for _, in := range code {
			for _, a := range in.Args {
				if a.Kind != static || tried[a.Name] || !strings.HasPrefix(in.Op, "V") {
					continue
				}
				tried[a.Name] = true
				w := edit(v)
				d := *w.File.Data[a.Name]
				d.Bytes = slices.Clone(d.Bytes)
				d.Bytes[0] ^= 1
				w.File.Data[a.Name] = &d
				if _, _, err := w.Prove(fn); err == nil {
					t.Errorf("%s with another %s", fn.Name, a.Name)
				}
			}
		}
		if len(tried) < 2 {
			t.Errorf("%s has %d numbers in memory", fn.Name, len(tried))
		}
	}
}

// What mutants do not try: the proof of each edit fails, for its reason.
func TestRefusals(t *testing.T) {
	for _, v := range provers(t) {
		all := refused
		if v.File.arch == arm64 {
			all = refusedARM64
		}
		for _, r := range all {
			w, fn := edited(t, v, r.name, r.old, r.by)
			if _, _, err := w.Prove(fn); err == nil || !strings.Contains(err.Error(), r.want) {
				t.Errorf("%s: %v", r.why, err)
			}
		}
	}
	v := prover(t, amd64)
	table := "preludeF32AVX2x1<>"
	w := edit(v)
	d := *w.File.Data[table]
	d.Bytes = slices.Clone(d.Bytes)
	d.Bytes[0] = 1
	w.File.Data[table] = &d
	if _, _, err := w.Prove(v.File.Func("sgdF32AVX2")); err == nil {
		t.Error("a table of Preludes whose first is no nil")
	}
}

// The parser takes no text that it would not read as Go's assembler does.
func TestParserRefuses(t *testing.T) {
	good := "#include \"textflag.h\"\n\n// f\nTEXT ·f(SB), NOSPLIT, $0-8\n\tNOP // ; /*\nend:\n\tRET\n\n" +
		"DATA ·d<>+0(SB)/4, $1\nGLOBL ·d<>(SB), RODATA|NOPTR, $4\n"
	if f, err := parseFile([]byte(good), amd64); err != nil || len(f.Funcs) != 1 {
		t.Fatal(err)
	}
	for _, r := range []struct{ why, old, by string }{
		{"a macro behind a function", "\tRET\n", "\tRET\n#define VADDPS VSUBPS\n"},
		{"a macro in a function", "\tNOP", "\t#define VADDPS VSUBPS\n\tNOP"},
		{"other includes", "\"textflag.h\"", "\"macros.h\""},
		{"an indented function", "\tRET\n", "\tRET\n\tTEXT ·g(SB), NOSPLIT, $0-8\n\tRET\n"},
		{"indented data", "\tRET\n", "\tRET\n\tDATA ·d<>+0(SB)/4, $2\n"},
		{"instructions behind data", "$4\n", "$4\n\tNOP\n"},
		{"two statements in a line", "\tNOP ", "\tNOP; VADDPS Y0, Y1, Y2 "},
		{"a comment over lines", "\tNOP ", "\tRET\n\t/* "},
		{"a line that continues", "\tNOP ", "\tNOP \\ "},
		{"data that is not declared", "GLOBL ·d<>(SB), RODATA|NOPTR, $4\n", ""},
		{"data behind its declaration", "$4\n", "$4\nDATA ·d<>+4(SB)/4, $1\n"},
		{"data that may be written", "RODATA|", ""},
		{"code in front of a function", "NOSPLIT", "WRAPPER|NOSPLIT"},
	} {
		if !strings.Contains(good, r.old) {
			t.Fatal(r.why)
		}
		if _, err := parseFile(bytes.Replace([]byte(good), []byte(r.old), []byte(r.by), 1), amd64); err == nil {
			t.Error(r.why)
		}
	}
}
