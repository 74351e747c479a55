package page

import (
	"testing"

	"github.com/bitstep-go/bitstep/bench/internal/chromium"
	"github.com/bitstep-go/bitstep/bench/internal/record/recordtest"
)

// script measures the page.
const script = `
const boxes = all("svg").map(box), text = all("svg text").map(e => box(e).height);
const marks = all("svg path").filter(e => e.querySelector("title"));
return {
  Width: frame.clientWidth, Needs: d.documentElement.scrollWidth,
  Plots: boxes.length, Narrowest: Math.min(...boxes.map(b => b.width)),
  Lowest: Math.min(...boxes.map(b => b.height)),
  Marks: marks.length, Paper: style(d.body).backgroundColor, Ink: style(d.body).color,
  Inks: [...new Set(marks.map(e => style(e).fill === "none" ? style(e).stroke : style(e).fill))].sort(),
  Smallest: Math.min(...text), Wide: boxes.filter(b => b.right > frame.clientWidth).length,
};`

type measuredFrame struct {
	Width, Needs, Plots, Marks, Wide int
	Narrowest, Lowest, Smallest      float64
	Paper, Ink                       string
	Inks                             []string
}

// A browser shows every plot, in both colour schemes and at both widths, without an error, a request or a page that is
// wider than the screen.
func TestBrowser(t *testing.T) {
	for name, page := range map[string]string{"report": written(t, recordtest.New(1)),
		"machines": writtenMachines(t, recordtest.New(1), recordtest.New(2))} {
		t.Run(name, func(t *testing.T) {
			light, dark := browse(t, page, "light"), browse(t, page, "dark")
			for i, l := range light {
				d := dark[i]
				t.Logf("%+v", l)
				if l.Paper != "rgb(255, 255, 255)" || l.Paper == d.Paper || l.Ink == d.Ink {
					t.Errorf("the schemes: %s on %s, %s on %s", l.Ink, l.Paper, d.Ink, d.Paper)
				}
				for _, f := range []measuredFrame{l, d} {
					if f.Needs > f.Width || f.Wide > 0 {
						t.Errorf("of %d pixels the page needs %d, %d plots are wider", f.Width, f.Needs, f.Wide)
					}
				}
				if name != "report" {
					continue
				}
				if l.Plots != 10 || l.Marks < 9*27 || l.Narrowest < 300 || l.Lowest < 60 || l.Smallest < 8 {
					t.Errorf("plots: %+v", l)
				}
				if len(l.Inks) != 5 || len(d.Inks) != 5 || l.Inks[0] == d.Inks[0] {
					t.Errorf("colours of marks: %v and %v", l.Inks, d.Inks)
				}
			}
		})
	}
}

func browse(t *testing.T, page, scheme string) (all [2]measuredFrame) {
	t.Helper()
	chromium.Measure(t, page, script, scheme, false, &all)
	return all
}
