package lecture

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/style"
)

//go:embed lecture.html
var text string

//go:embed lecture.css
var sheet string

// Write writes the page: no script, no other file, no network. It is the same on every machine.
func Write(w io.Writer, b bitstep.Backend) error {
	byID := map[string]picture{}
	for _, p := range picturesOn(b) {
		byID[p.id] = p
	}
	used := 0
	var page *template.Template
	page, err := template.New("lecture").Funcs(template.FuncMap{
		"head": func() template.HTML { return template.HTML(style.Head("Optimization in pictures", nil, sheet)) },
		"picture": func(id string) (template.HTML, error) {
			p, ok := byID[id]
			if !ok {
				return "", fmt.Errorf("no picture is %s", id)
			}
			used++
			var part bytes.Buffer
			err := page.ExecuteTemplate(&part, "figure", p.figure())
			return template.HTML(part.String()), err
		},
	}).Parse(text)
	if err != nil {
		return err
	}
	var whole bytes.Buffer
	if err := page.ExecuteTemplate(&whole, "page", nil); err != nil {
		return err
	}
	if used != len(byID) {
		return errors.New("not every picture is on the page once")
	}
	_, err = w.Write(whole.Bytes())
	return err
}

// A figure is a picture as the page has it.
type figure struct {
	ID, Title, Caption string
	Plots              []template.HTML
	Small              bool
	Animation          template.URL
	Legend             []entry
	Heads              []string
	Rows               [][]string
}

// An entry is a series in a legend.
type entry struct {
	Series     int
	Mark, Name string
}

func (p picture) figure() figure {
	f := figure{ID: p.id, Title: p.title, Caption: p.caption, Heads: p.table.heads,
		Rows: p.table.rows}
	for i := range p.plots {
		f.Small = p.plots[i].small
		f.Plots = append(f.Plots, template.HTML(p.plots[i].svg(p.plotID(i))))
	}
	for i, name := range p.legend {
		f.Legend = append(f.Legend, entry{i, marks[i], name})
	}
	if film := p.animation(); film != nil {
		f.Animation = template.URL("data:image/gif;base64," + base64.StdEncoding.EncodeToString(encoded(film)))
	}
	return f
}
