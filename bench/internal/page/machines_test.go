package page

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/record/recordtest"
)

func writtenMachines(t *testing.T, all ...record.Record) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteMachines(&b, all); err != nil {
		t.Fatal(err)
	}
	check(t, b.String())
	return b.String()
}

// That a digest is another is seen at once, and which.
func TestWriteMachines(t *testing.T) {
	arm := recordtest.New(2)
	arm.Machine.CPU, arm.Machine.Arch = "Another CPU", "arm64"
	differs := recordtest.New(3)
	differs.Verification.Digest = strings.Repeat("f", 64)
	differs.Verification.Parts[0].Digest = strings.Repeat("f", 64)
	later := recordtest.New(8) // has a kernel more
	later.Verification.Digest = strings.Repeat("d", 64)
	later.Verification.Parts = append(later.Verification.Parts, record.Part{What: "New float32",
		Digest: strings.Repeat("c", 64)}, record.Part{What: "golden.txt, all", Digest: strings.Repeat("b", 64)})
	latest := recordtest.New(9) // which is another there, and a list that has grown
	latest.Verification.Digest = strings.Repeat("9", 64)
	latest.Verification.Parts = append(latest.Verification.Parts, record.Part{What: "New float32",
		Digest: strings.Repeat("8", 64)})
	grown := recordtest.New(10)
	grown.Verification.Digest = strings.Repeat("7", 64)
	grown.Verification.Parts = append(grown.Verification.Parts, record.Part{What: "golden.txt, all",
		Digest: strings.Repeat("6", 64)})
	wrong := recordtest.New(4)
	wrong.Verification.OK, wrong.Verification.Mismatch = false, &record.Mismatch{Kernel: "Lion"}
	part, interrupted := recordtest.New(6), recordtest.New(7)
	part.Verification.Chosen, part.Verification.Digest = "Lion", strings.Repeat("e", 64)
	interrupted.Verification.OK, interrupted.Verification.Digest = false, ""
	unknown := recordtest.New(5)
	unknown.Verification, unknown.Rows = nil, nil
	for _, c := range []struct {
		name string
		all  []record.Record
		want []string
	}{
		{"none", nil, []string{"0 machines", "No record has been verified whole."}},
		{"equal", []record.Record{recordtest.New(1), arm}, []string{"2 machines", "✓ All have the same digest",
			"linux/arm64", "Another CPU", "✓ equal"}},
		{"not all verified", []record.Record{recordtest.New(1), unknown}, []string{"The 1 verified ones have the same",
			"not verified"}},
		{"differs", []record.Record{recordtest.New(1), differs}, []string{"✗ 2 digests among 2", "✗ differs",
			"ffffffffffff<"}},
		{"another version", []record.Record{recordtest.New(1), later, grown}, []string{"✓ 3 digests among 3",
			"✓ equal in what both versions have"}},
		{"a later version", []record.Record{recordtest.New(1), later, latest}, []string{"✗ 3 digests among 3",
			"✗ differs"}},
		{"wrong", []record.Record{wrong}, []string{"✗ wrong bits", "✗ Wrong bits on 1 of 1", "whole and right"}},
		{"a part", []record.Record{part, recordtest.New(1)}, []string{"The 1 verified ones have", "only Lion",
			"✓ equal"}},
		{"interrupted", []record.Record{interrupted, recordtest.New(1)}, []string{"The 1 verified ones have",
			"not finished"}},
	} {
		page := writtenMachines(t, c.all...)
		for _, want := range c.want {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %q", c.name, want)
			}
		}
		for _, bad := range []string{"differs", "wrong"} {
			if c.name != bad && c.name != "a later version" && strings.Contains(page, "✗ "+bad) {
				t.Errorf("%s: the page says %s", c.name, bad)
			}
		}
		if n := strings.Count(page, "<tr>") - 1; n != len(c.all) {
			t.Errorf("%s: %d rows", c.name, n)
		}
	}
}

// The project's own records are whole, and right.
func TestMachines(t *testing.T) {
	all, err := Machines()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if !r.Complete || r.Program.Modified || r.Verification == nil || !r.Verification.OK || len(r.Rows) == 0 {
			t.Errorf("the record of %s is not whole", r.Machine.CPU)
		}
	}
	writtenMachines(t, all...)
}
