package main

import (
	"encoding/binary"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"
)

// decodes checks that a word is the instruction that its comment says.
func decodes(t *testing.T, word uint32, comment string) {
	t.Helper()
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], word)
	inst, err := arm64asm.Decode(b[:])
	if err != nil {
		t.Errorf("%08x // %s: %v", word, comment, err)
	} else if got := strings.ToLower(inst.String()); got != comment {
		t.Errorf("%08x decodes to %q, its comment says %q", word, got, comment)
	}
}

// Every row of the table, over registers that fill and clear each field.
func TestEncodedInstructions(t *testing.T) {
	for _, e := range encodedInstructions {
		for _, elem := range []int{4, 8} {
			for _, r := range [][3]int{{0, 0, 0}, {31, 0, 0}, {0, 31, 0}, {0, 0, 31}, {1, 2, 4}, {16, 8, 21}} {
				word, comment := e.word(elem, r[0], r[1], r[2])
				decodes(t, word, comment)
			}
		}
	}
	for _, e := range []halfInstruction{fcvtl, fcvtn} {
		word, comment := e.word(21, 9)
		decodes(t, word, comment)
	}
	for _, e := range wordInstructions {
		word, comment := e.word(1, 2, 4)
		decodes(t, word, comment)
	}
}

var wordLine = regexp.MustCompile(`^\tWORD +\$0x([0-9a-f]{8}) // (.*)$`)

// Every WORD of the checked-in assembly.
func TestWordsMatchComments(t *testing.T) {
	text, err := os.ReadFile("../kernels_arm64.s")
	if err != nil {
		t.Fatal(err)
	}
	words := 0
	for _, line := range strings.Split(string(text), "\n") {
		if !strings.Contains(line, "WORD") {
			continue
		}
		m := wordLine.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("not a WORD with its comment: %q", line)
			continue
		}
		word, err := strconv.ParseUint(m[1], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		decodes(t, uint32(word), m[2])
		words++
	}
	if words < 500 {
		t.Errorf("only %d words found", words)
	}
}
