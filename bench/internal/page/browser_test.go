package page

import (
	"encoding/json"
	"testing"

	"github.com/bitstep-go/bitstep/bench/internal/chromium"
	"github.com/bitstep-go/bitstep/bench/internal/record/recordtest"
)

// frames show the page at the widths of a phone and of a screen, and measure it.
const frames = `<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,"><title>frames</title>
<iframe src="/page" style="width:390px;height:800px;border:0"></iframe>
<iframe src="/page" style="width:1280px;height:800px;border:0"></iframe>
<pre id="found"></pre>
<script>
const found = [];
addEventListener("error", e => found.push({Error: e.message}));
addEventListener("load", () => {
  for (const frame of document.querySelectorAll("iframe")) {
    const d = frame.contentDocument, style = e => frame.contentWindow.getComputedStyle(e);
    const boxes = [...d.querySelectorAll("svg")].map(e => e.getBoundingClientRect());
    const marks = [...d.querySelectorAll("svg path")].filter(e => e.querySelector("title"));
    const text = [...d.querySelectorAll("svg text")].map(e => e.getBoundingClientRect().height);
    found.push({
      Width: frame.clientWidth, Needs: d.documentElement.scrollWidth,
      Plots: boxes.length, Narrowest: Math.min(...boxes.map(b => b.width)),
      Lowest: Math.min(...boxes.map(b => b.height)),
      Marks: marks.length, Paper: style(d.body).backgroundColor, Ink: style(d.body).color,
      Inks: [...new Set(marks.map(e => style(e).fill === "none" ? style(e).stroke : style(e).fill))].sort(),
      Smallest: Math.min(...text), Wide: boxes.filter(b => b.right > frame.clientWidth).length,
    });
  }
  document.querySelector("#found").textContent = JSON.stringify(found);
});
</script>`

type measuredFrame struct {
	Error                            string
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
			light, dark := browse(t, page, 1), browse(t, page, 0)
			for i, l := range light {
				d := dark[i]
				t.Logf("%+v", l)
				if l.Paper != "rgb(255, 255, 255)" || l.Paper == d.Paper || l.Ink == d.Ink {
					t.Errorf("the schemes: %s on %s, %s on %s", l.Ink, l.Paper, d.Ink, d.Paper)
				}
				for _, f := range []measuredFrame{l, d} {
					if f.Error != "" || f.Needs > f.Width || f.Wide > 0 {
						t.Errorf("%q; of %d pixels the page needs %d, %d plots are wider", f.Error, f.Width, f.Needs,
							f.Wide)
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

// browse opens the page in two frames, with a preferred scheme of Blink's: 0 is dark, 1 light.
func browse(t *testing.T, page string, scheme int) (frame []measuredFrame) {
	t.Helper()
	found := chromium.Measure(t, frames, page, scheme)
	if err := json.Unmarshal(found, &frame); err != nil || len(frame) != 2 {
		t.Fatalf("%v: %s", err, found)
	}
	return frame
}
