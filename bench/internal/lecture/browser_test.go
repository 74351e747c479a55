package lecture

import (
	"encoding/json"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/chromium"
)

// frames show the page at the widths of a phone and of a screen, and use it: they hide and show an animation by its
// control, and go through what takes the keyboard's focus.
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
    const box = e => e.getBoundingClientRect();
    const plots = [...d.querySelectorAll("svg")], films = [...d.querySelectorAll("img.film")];
    const shown = () => films.filter(e => style(e).display !== "none").length;
    const m = {
      Width: frame.clientWidth, Needs: d.documentElement.scrollWidth, Plots: plots.length,
      Narrowest: Math.min(...plots.map(e => box(e).width)),
      Wide: plots.filter(e => box(e).right > frame.clientWidth).length,
      Smallest: Math.min(...[...d.querySelectorAll("svg text")].map(e => Math.max(box(e).width, box(e).height))),
      Lines: [...d.querySelectorAll("svg .line")].filter(e => style(e).stroke !== "none" && box(e).width > 0).length,
      Inks: new Set([...d.querySelectorAll("svg .line")].map(e => style(e).stroke)).size,
      Paper: style(d.body).backgroundColor, Ink: style(d.body).color,
      Films: films.length, Whole: films.filter(e => e.complete && e.naturalWidth === 480).length, Shown: shown(),
    };
    for (const e of d.querySelectorAll(".still")) { e.click(); }
    m.Toggled = shown();
    for (const e of d.querySelectorAll(".still")) { e.click(); }
    const stops = [...d.querySelectorAll("a[href], input, [tabindex]")];
    m.Stops = stops.length;
    m.First = stops[0].className;
    m.Focused = stops.filter(e => {
      e.focus(); return d.activeElement === e && style(e).outlineStyle !== "none";
    }).length;
    m.Unnamed = [...d.querySelectorAll("input")].filter(e => e.labels.length !== 1).length;
    m.Dead = [...d.querySelectorAll("a[href^='#']")].filter(e => !d.querySelector(e.getAttribute("href"))).length;
    const levels = [...d.querySelectorAll("h1, h2, h3")].map(e => +e.tagName[1]);
    m.Leaps = levels.filter((v, i) => i > 0 && v > levels[i - 1] + 1).length;
    found.push(m);
  }
  document.querySelector("#found").textContent = JSON.stringify(found);
});
</script>`

type measuredFrame struct {
	Error                                  string
	Width, Needs, Plots, Wide, Lines, Inks int
	Narrowest, Smallest                    float64
	Paper, Ink, First                      string
	Films, Whole, Shown, Toggled           int
	Stops, Focused, Unnamed, Dead, Leaps   int
}

func browse(t *testing.T, page string, scheme int, flags ...string) (all []measuredFrame) {
	t.Helper()
	found := chromium.Measure(t, frames, page, scheme, flags...)
	if err := json.Unmarshal(found, &all); err != nil || len(all) != 2 {
		t.Fatalf("%v: %s", err, found)
	}
	return all
}

// A browser shows every plot and every animation, in both colour schemes and at both widths, without an error or a
// request; the keyboard reaches and works everything; and where less motion is wanted, none moves unasked.
func TestBrowser(t *testing.T) {
	page, plots, films := written(t), 0, 0
	for _, p := range picturesOn(bitstep.Active()) {
		plots += len(p.plots)
		if p.film != nil {
			films++
		}
	}
	light, dark := browse(t, page, 1), browse(t, page, 0)
	still := browse(t, page, 1, "--force-prefers-reduced-motion")
	for i, l := range light {
		t.Logf("%+v", l)
		if l.Paper != "rgb(255, 255, 255)" || l.Paper == dark[i].Paper || l.Ink == dark[i].Ink {
			t.Errorf("the schemes: %s on %s, %s on %s", l.Ink, l.Paper, dark[i].Ink, dark[i].Paper)
		}
		for _, f := range []measuredFrame{l, dark[i], still[i]} {
			if f.Error != "" || f.Needs > f.Width || f.Wide > 0 {
				t.Errorf("%q; of %d pixels the page needs %d, %d plots are wider", f.Error, f.Width, f.Needs, f.Wide)
			}
			if f.Plots != plots || f.Lines < 2*plots || f.Inks != 7 || f.Narrowest < 140 || f.Smallest < 8 {
				t.Errorf("%d plots, want %d: %+v", f.Plots, plots, f)
			}
			if f.Films != films || f.Whole != films {
				t.Errorf("%d of %d animations, want %d", f.Whole, f.Films, films)
			}
			if f.First != "skip" || f.Stops < 20 || f.Focused != f.Stops || f.Unnamed+f.Dead+f.Leaps > 0 {
				t.Errorf("keyboard: %+v", f)
			}
		}
		if l.Shown != films || l.Toggled != 0 || still[i].Shown != 0 || still[i].Toggled != films {
			t.Errorf("of %d animations %d move, and %d once they are to be hidden; if less motion is wanted, %d and %d",
				films, l.Shown, l.Toggled, still[i].Shown, still[i].Toggled)
		}
	}
}
