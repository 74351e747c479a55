package bitstep_test

import (
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Steps in narrow storage are what testdata/make_stored.py, which was written from the rules alone, makes of its
// operands: by the definition and on every backend.
func TestGoldenStoredNumPy(t *testing.T) {
	text, err := os.ReadFile("testdata/stored.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(text), "\ncase ")[1:]
	if len(cases) == 0 {
		t.Fatal("testdata/stored.txt has no cases")
	}
	for _, c := range cases {
		lines := strings.Split(strings.TrimSpace(c), "\n")
		row, coef, r := storedCase(t, strings.Fields(lines[0]))
		n := len(strings.Fields(lines[1])) - 2 // x is no block
		in, out := lines[1:1+len(row.Operands)], lines[1+len(row.Operands):]
		for _, b := range bitstep.Backends() {
			op := rows.NewStored(row, n)
			for i, o := range row.Operands {
				setBits(t, op[i], in[i], "in "+o.Name)
			}
			rows.CallStored(bitstep.Narrow(bitstep.On[float32](b)), row, coef, op, r)
			for i, o := range row.Operands {
				want := rows.NewStored(row, n)[i]
				setBits(t, want, out[i], "out "+o.Name)
				if j, got, w := rows.DifferStored(op[i], want); j >= 0 {
					t.Fatalf("%v: %s: %s[%d] = %x, want %x", b, lines[0], o.Name, j, got, w)
				}
			}
		}
	}
}

// storedCase reads the first line of a case.
func storedCase(t *testing.T, f []string) (row table.Row, coef any, r kernels.Rounding) {
	t.Helper()
	for _, rowOf := range table.Rows {
		for _, form := range table.Forms {
			if rowOf.Name == f[0] && form.Name == f[1] {
				row, _ = rowOf.In(form)
			}
		}
	}
	if row.Name == "" {
		t.Fatalf("no step %s in form %s", f[0], f[1])
	}
	var numbers [5]uint64
	for i := range numbers {
		v, err := strconv.ParseUint(f[2+i], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		numbers[i] = v
	}
	r = kernels.Rounding{Nearest: numbers[0] == 1, Seed: numbers[1], Step: numbers[2], Stream: numbers[3],
		Base: numbers[4]}
	coef = rows.NewCoef[float32](row)
	given := map[string]string{}
	for _, s := range f[7:] {
		name, bits, _ := strings.Cut(s, "=")
		given[name] = bits
	}
	for _, s := range program.Must(row).Scalars {
		bits, err := strconv.ParseUint(given[s.Name], 16, 32)
		if err != nil {
			t.Fatalf("%s: scalar %s: %v", row.Name, s.Name, err)
		}
		reflect.ValueOf(coef).Elem().FieldByName(s.Field()).SetFloat(float64(math.Float32frombits(uint32(bits))))
	}
	return row, coef, r
}

// setBits fills an operand from a line that begins with some words.
func setBits(t *testing.T, s kernels.Stored, line, words string) {
	t.Helper()
	bits, ok := strings.CutPrefix(line, words+" ")
	if !ok {
		t.Fatalf("line %.20q, want %s", line, words)
	}
	f := strings.Fields(bits)
	if want := s.Len() + len(s.Block8.Scales); len(f) != want {
		t.Fatalf("%s: %d numbers, want %d", words, len(f), want)
	}
	for i := range f {
		v, err := strconv.ParseUint(f[i], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case s.Float32 != nil:
			s.Float32[i] = math.Float32frombits(num.Canonical32(uint32(v)))
		case s.BFloat16 != nil:
			s.BFloat16[i] = kernels.BFloat16(v)
		case i < s.Len():
			s.Block8.Codes[i] = uint8(v)
		default:
			s.Block8.Scales[i-s.Len()] = uint8(v)
		}
	}
}
