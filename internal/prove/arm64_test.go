package prove

import (
	bytesof "encoding/binary"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"

	"github.com/bitstep-go/bitstep/internal/edge"
)

// Every number of an instruction that decode takes is what x/arch says: all of its table, with any registers, and what
// becomes of them by another bit or two.
func TestDecode(t *testing.T) {
	r := edge.Rand(3)
	tried := map[string]int{}
	for _, v := range vectors {
		for range 200 {
			word := v.word | r.Uint32()&0x3ff
			if !v.words {
				word |= r.Uint32() & (1 << 22)
			}
			if v.three {
				word |= r.Uint32() & (31 << 16)
			}
			for n := range 3 {
				for range n {
					word ^= 1 << r.IntN(32)
				}
				spelled, err := decode(word)
				if err != nil {
					continue
				}
				var b [4]byte
				bytesof.LittleEndian.PutUint32(b[:], word)
				want, err := arm64asm.Decode(b[:])
				if got := armSpelling(spelled); err != nil || !strings.EqualFold(got, want.String()) {
					t.Fatalf("%#08x is %s, by x/arch %s, %v", word, got, want, err)
				}
				tried[v.name]++
			}
		}
		if tried[v.name] < 200 {
			t.Errorf("%s: %d words", v.name, tried[v.name])
		}
	}
}

// armSpelling is an instruction in the order and the spelling of Arm's manual.
func armSpelling(spelled string) string {
	op, rest, _ := strings.Cut(spelled, " ")
	args := strings.Split(rest, ", ")
	for i, j := 0, len(args)-1; i < j; i, j = i+1, j-1 {
		args[i], args[j] = args[j], args[i]
	}
	text := op + " " + strings.Join(args, ", ")
	return regexp.MustCompile(`\.([BHSD])(\d+)`).ReplaceAllString(text, ".$2$1")
}

// Every number of the file that proofs read says what the generator's comment behind it says, which proofs do not read.
func TestComments(t *testing.T) {
	text, err := os.ReadFile(prover(t, arm64).File.Path)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, m := range regexp.MustCompile(`WORD +\$(0x[0-9a-f]+) // (.*)`).FindAllStringSubmatch(string(text), -1) {
		word, err := strconv.ParseUint(m[1], 0, 32)
		if err != nil {
			t.Fatal(err)
		}
		if spelled, err := decode(uint32(word)); err == nil {
			if compared++; !strings.EqualFold(armSpelling(spelled), m[2]) {
				t.Fatalf("%s is %s, by its comment %s", m[1], spelled, m[2])
			}
		}
	}
	if compared == 0 {
		t.Error("no comment compared")
	}
}

// What of arm64 the parser refuses.
func TestParserRefusesARM64(t *testing.T) {
	for _, text := range []string{"ADD $1, R18", "ADD $1, R27", "ADD $1, R28", "ADD $1, R29", "ADD $1, R30",
		"ADD $1, RSP", "MOVD R1, R32", "MOVD $x+0(FP), R1", "MOVD 8(R1)(R2<<3), R3", "MOVD (R1)(R2<<4), R3",
		"FMOVD (R28), F1", "FMOVQ (R1)(R18), F1", "VEOR V1.B12, V1.B12, V1.B12",
		"VEOR V32.B16, V1.B16, V1.B16", "VDUP V1.S[4], V1.S4", "VDUP V1.D[-1], V1.D2", "BL 8(R1)",
		"BL (R1)(R2)", "BL R30", "WORD $0x14e20d400", "WORD R1", "WORD $0x4e20d400, R1", "WORD $0x0e20d400",
		"WORD $0xd65f03c0"} {
		in, err := arm64.inst(text, 1)
		if err == nil {
			if a := in.Args[len(in.Args)-1]; a.Kind != label { // that no function has
				t.Errorf("%s is taken", text)
			}
		}
	}
}
