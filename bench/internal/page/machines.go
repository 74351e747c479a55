package page

import (
	"embed"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// own are records of machines that the project measured.
//
//go:embed testdata/machines
var own embed.FS

// Machines returns records of machines that the project measured.
func Machines() (all []record.Record, err error) {
	names, err := fs.Glob(own, "testdata/machines/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := own.ReadFile(name)
		if err != nil {
			return nil, err
		}
		r, err := record.Decode(name, text)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// A machine is a row of the table of machines.
type machine struct {
	record.Record
	Digest, Verdict string
	Good, Wrong     bool // the verdict
	Keys            []keyFigure
	Shares          []keyFigure
}

// WriteMachines writes a table of machines, in the order of the records.
func WriteMachines(w io.Writer, all []record.Record) error {
	var machines []machine
	var digests []string
	parts := map[string]string{}           // digests of kernels, as the first record has them that has the kernel
	verified, wrong, differ := 0, 0, false // whole and right; wrong bits; other bits than others have
	for _, r := range all {
		m := machine{Record: r, Verdict: "not verified", Keys: keyFigures(r), Shares: []keyFigure{
			shares("kernels", r, record.Kernel), shares("products", r, record.Product)}}
		if v := r.Verification; v != nil {
			whole := v.OK && v.Chosen == "" // of a part the digest is another
			if whole {
				verified++
				if m.Digest = v.Digest; !slices.Contains(digests, v.Digest) {
					digests = append(digests, v.Digest)
				}
			}
			equal := !whole || agree(parts, v.Parts)
			switch {
			case v.Mismatch != nil:
				m.Verdict, m.Wrong = "✗ wrong bits", true
				wrong++
			case !v.OK:
				m.Verdict = "not finished"
			case !whole:
				m.Verdict = "only " + v.Chosen
			case equal && v.Digest == digests[0]:
				m.Verdict, m.Good = "✓ equal", true
			case equal:
				m.Verdict, m.Good = "✓ equal in what both versions have", true
			default:
				m.Verdict, m.Wrong, differ = "✗ differs", true, true
			}
		}
		machines = append(machines, m)
	}
	return pages.ExecuteTemplate(w, "machines.html", struct {
		Title    string
		Machines []machine
		Digests  []string
		Verified int
		Wrong    int
		Differ   bool
		Heads    []keyFigure
	}{"bitstep on " + plural(len(all), "machine"), machines, digests, verified, wrong, differ,
		keyFigures(record.Record{})})
}

// agree reports whether kernels have the digests that they had before, and notes those that are new. Versions of
// bitstep have other kernels, and so another digest of all.
func agree(before map[string]string, parts []record.Part) bool {
	equal := true
	for _, p := range parts {
		if strings.Contains(p.What, ",") { // a list of testdata, which grows, or an exhaustive check
			continue
		}
		if digest, ok := before[p.What]; ok && digest != p.Digest {
			equal = false
		} else if !ok {
			before[p.What] = p.Digest
		}
	}
	return equal
}

// shares is the median of the shares of ceilings that a group reached, and the range of the middle 90%.
func shares(label string, r record.Record, group string) keyFigure {
	var all []float64
	for _, typ := range types {
		for _, row := range measured(r, group, typ) {
			if row.Share > 0 && !row.Unstable {
				all = append(all, row.Share)
			}
		}
	}
	if len(all) == 0 {
		return keyFigure{Label: label}
	}
	slices.Sort(all)
	at := func(q int) string { return percent(all[(len(all)-1)*q/100]) }
	return keyFigure{label, at(50), at(5) + " to " + at(95)}
}
