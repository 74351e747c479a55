// Package page writes what bench found out as HTML: a page that needs no script, no other file and no network.
package page

import (
	"embed"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/style"
)

//go:embed *.html
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"head":  func(title string) template.HTML { return template.HTML(style.Head(title, nil)) },
	"bytes": bytesText,
	"join":  func(words []string) string { return strings.Join(words, ", ") },
	"date":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") },
	"whole": whole,
	"short": short,
}).ParseFS(files, "*.html"))

// short is the beginning of a digest.
func short(digest string) string { return digest[:min(len(digest), 12)] }

// Write writes the report of one machine.
func Write(w io.Writer, r record.Record) error {
	figures, err := figuresOf(r)
	if err != nil {
		return err
	}
	ceilings := rows(r, func(row record.Row) bool { return row.Group == record.Ceiling })
	trained := rows(r, func(row record.Row) bool { return row.Group == record.Training })
	peers := rows(r, func(row record.Row) bool { return row.Peer != "" })
	return pages.ExecuteTemplate(w, "report.html", struct {
		Title    string
		R        record.Record
		Keys     []keyFigure
		Figures  []figure
		Training table
		Peers    table
		Ceilings table
		All      table
	}{
		"bitstep on " + r.Machine.CPU, r,
		slices.DeleteFunc(keyFigures(r), func(k keyFigure) bool { return k.Value == "" }),
		figures,
		tabulate("Training", trained, everyProperty),
		tabulate("Peers", peers, everyProperty),
		tabulate("Ceilings", ceilings, everyProperty),
		tabulate("All measurements", r.Rows, everyProperty),
	})
}
