package page

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/record/recordtest"
	kernels "github.com/bitstep-go/bitstep/kernels/table"
)

func written(t *testing.T, r record.Record) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	svgs     = regexp.MustCompile(`(?s)<svg .*?</svg>`)
	ids      = regexp.MustCompile(` id="([^"]*)"`)
	requests = regexp.MustCompile(`(?i)<script|<img|<iframe|@import|url\(|src=|<link[^>]*href="[^d]`)
)

// check tests what holds of every page, and returns its SVGs.
func check(t *testing.T, page string) []string {
	t.Helper()
	if r := requests.FindString(page); r != "" {
		t.Errorf("the page has %q", r)
	}
	for _, c := range []string{"#FAFA", "\ue000", "NaN", "+Inf", "%!"} { // stand-ins, and what was not written right
		if strings.Contains(page, c) {
			t.Errorf("the page has %q", c)
		}
	}
	seen := map[string]bool{}
	for _, id := range ids.FindAllStringSubmatch(page, -1) {
		if seen[id[1]] {
			t.Errorf("two elements are %q", id[1])
		}
		seen[id[1]] = true
	}
	all := svgs.FindAllString(page, -1)
	for _, svg := range all {
		d := xml.NewDecoder(strings.NewReader(svg))
		var err error
		for err == nil {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("SVG: %v", err)
		}
		if !strings.Contains(svg, `role="img"`) || strings.Count(svg, "<desc ") != 1 {
			t.Errorf("an SVG has no role or description: %.100s", svg)
		}
	}
	if strings.Count(page, "<h1>") != 1 || strings.Count(page, "<figure ") != len(all) {
		t.Errorf("%d headings, %d figures, %d SVGs", strings.Count(page, "<h1>"), strings.Count(page, "<figure "),
			len(all))
	}
	return all
}

// A whole run has every figure, and each kernel is at each level of the roofline.
func TestWhole(t *testing.T) {
	r := recordtest.New(1)
	page := written(t, r)
	all := check(t, page)
	if len(all) != 10 { // two threads share no measured bandwidth; there are no peers in float64
		t.Errorf("%d figures, want 10", len(all))
	}
	for _, row := range kernels.Rows {
		for _, svg := range all[:2] {
			if n := strings.Count(svg, "<title>"+row.Name+": "); n != len(levels) {
				t.Errorf("%s is %d times in a roofline, want %d", row.Name, n, len(levels))
			}
		}
	}
	for _, want := range []string{r.Machine.CPU, r.Verification.Digest, r.Notices[0], "all bits are those", "25.0 GB/s",
		"220 GFLOP/s", "images/s", ">256 MB<"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(page[strings.Index(page, "<caption>All measurements"):], "<tr>") - 1; n != len(r.Rows) {
		t.Errorf("the table of all has %d rows, want %d", n, len(r.Rows))
	}
}

// Whatever is missing, the rest is a page.
func TestParts(t *testing.T) {
	only := func(keep func(record.Row) bool) record.Record {
		r := recordtest.New(1)
		r.Rows = rows(r, keep)
		return r
	}
	pureGo := only(func(row record.Row) bool { return row.Backend == "go" })
	pureGo.Machine.Backends, pureGo.Machine.Active = []string{"go"}, "go"
	noCaches := only(func(row record.Row) bool { return row.Group == record.Ceiling })
	noCaches.Machine.L1, noCaches.Machine.L2, noCaches.Machine.L3 = 0, 0, 0
	interrupted := only(func(r record.Row) bool { return r.Name == "Adam" && r.Level == "L1" && r.Threads == 1 })
	interrupted.Complete = false
	wrong := record.Record{Verification: &record.Verification{Mismatch: &record.Mismatch{Kernel: "Lion", Operand: "x",
		Index: 17, Length: 33, Inputs: []string{"g=1"}, Want: "3f800000", Got: "3f800001"}}}
	for _, c := range []struct {
		name string
		r    record.Record
		svgs int
		want string
	}{
		{"empty", record.Record{}, 0, "Nothing was measured"},
		{"pure Go", pureGo, 6, "Speed-up over pure Go, float32: not measured"},
		{"ceilings alone", noCaches, 1, "Roofline, float64: not measured"},
		{"interrupted", interrupted, 4, "interrupted: rows are missing"},
		{"wrong bits", wrong, 0, "x[17] of 33"},
		{"one row", record.Record{Machine: record.Machine{Active: "go"}, Rows: []record.Row{{
			Group: record.Product, Name: "p",
			Type: "float32", Backend: "go", Threads: 1, N: 1, GFLOPs: 1, Shape: "1x1x1"}}}, 2, "Products, float32"},
	} {
		t.Run(c.name, func(t *testing.T) {
			page := written(t, c.r)
			if all := check(t, page); len(all) != c.svgs {
				t.Errorf("%d figures, want %d", len(all), c.svgs)
			}
			if !strings.Contains(page, c.want) {
				t.Errorf("the page lacks %q", c.want)
			}
		})
	}
}

// A level has the same colour and shape in every figure, also where other levels are missing.
func TestColours(t *testing.T) {
	r := recordtest.New(1)
	r.Rows = rows(r, func(row record.Row) bool {
		return row.Type != "float64" || row.Level != "L1" && row.Level != "L3"
	})
	page := written(t, r)
	for _, typ := range types {
		_, legend, _ := strings.Cut(page, `<figure id="roofline-`+typ+`"`)
		legend, _, _ = strings.Cut(legend, "</figure>")
		svg, legend, _ := strings.Cut(legend, `<ul class="legend">`)
		for name, n := range map[string]int{"L2": 1, "DRAM": 3, "products": 4} {
			if !regexp.MustCompile(fmt.Sprintf(`<li><span class="s%d" [^>]*>%s</span> %s[,<]`, n, marks[n],
				name)).MatchString(legend) || !strings.Contains(svg, fmt.Sprintf("var(--s%d)", n)) {
				t.Errorf("%s: %s has another colour or mark in %s", typ, name, legend)
			}
		}
		if strings.Contains(svg, "var(--s2)") != (typ == "float32") {
			t.Errorf("%s: what has the colour of L3?", typ)
		}
	}
}

// A record is what somebody sent: none of its text is markup.
func TestMarkup(t *testing.T) {
	const bad = `<script>alert(1)</script>&"'`
	r := recordtest.New(1)
	r.Machine.CPU, r.Machine.OS, r.Notices, r.Program.Version = bad, bad, []string{bad}, bad
	for i := range r.Rows {
		r.Rows[i].Name, r.Rows[i].Ceiling = bad+r.Rows[i].Name, bad
	}
	check(t, written(t, r))
}
