package lecture

import (
	"fmt"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/bench/internal/chromium"
)

// script measures the page, and uses it: it hides and shows animations by their controls, and goes through what takes
// the keyboard's focus.
const script = `
const plots = all("svg"), films = all("img.film");
const shown = () => films.filter(e => style(e).display !== "none").length;
const m = {
  Width: frame.clientWidth, Needs: d.documentElement.scrollWidth, Plots: plots.length,
  Narrowest: Math.min(...plots.map(e => box(e).width)),
  Wide: plots.filter(e => box(e).right > frame.clientWidth).length,
  Smallest: Math.min(...all("svg text").map(e => Math.max(box(e).width, box(e).height))),
  Lines: all("svg .line").filter(e => style(e).stroke !== "none" && box(e).width > 0).length,
  Inks: new Set(all("svg .line").map(e => style(e).stroke)).size,
  Paper: style(d.body).backgroundColor, Ink: style(d.body).color,
  Films: films.length, Whole: films.filter(e => e.complete && e.naturalWidth === 480).length, Shown: shown(),
};
for (const e of all(".still")) { e.click(); }
m.Toggled = shown();
for (const e of all(".still")) { e.click(); }
const stops = all("a[href], input, [tabindex]");
m.Stops = stops.length;
m.First = stops[0].className;
m.Focused = stops.filter(e => {
  e.focus(); return d.activeElement === e && style(e).outlineStyle !== "none";
}).length;
m.Unnamed = all("input").filter(e => e.labels.length !== 1).length;
m.Dead = all("a[href^='#']").filter(e => !d.querySelector(e.getAttribute("href"))).length;
const levels = all("h1, h2, h3").map(e => +e.tagName[1]);
m.Leaps = levels.filter((v, i) => i > 0 && v > levels[i - 1] + 1).length;
m.Stuck = all("body *").filter(e => e.scrollWidth > e.clientWidth + 1 && style(e).overflowX === "auto" &&
  e.tabIndex < 0).length;
return m;`

type measuredFrame struct {
	Width, Needs, Plots, Wide, Lines, Inks int
	Narrowest, Smallest                    float64
	Paper, Ink, First                      string
	Films, Whole, Shown, Toggled           int
	Stops, Focused, Unnamed, Dead, Leaps   int
	Stuck                                  int // what scrolls, and not by the keyboard
}

func browse(t *testing.T, page, scheme string, still bool) (all [2]measuredFrame) {
	t.Helper()
	chromium.Measure(t, page, script, scheme, still, &all)
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
	light, dark := browse(t, page, "light", false), browse(t, page, "dark", false)
	still := browse(t, page, "light", true)
	for i, l := range light {
		t.Logf("%+v", l)
		if l.Paper != "rgb(255, 255, 255)" || l.Paper == dark[i].Paper || l.Ink == dark[i].Ink {
			t.Errorf("the schemes: %s on %s, %s on %s", l.Ink, l.Paper, dark[i].Ink, dark[i].Paper)
		}
		for _, f := range []measuredFrame{l, dark[i], still[i]} {
			if f.Needs > f.Width || f.Wide > 0 {
				t.Errorf("of %d pixels the page needs %d, %d plots are wider", f.Width, f.Needs, f.Wide)
			}
			if f.Plots != plots || f.Lines < 2*plots || f.Inks != 7 || f.Narrowest < 140 || f.Smallest < 8 {
				t.Errorf("%d plots, want %d: %+v", f.Plots, plots, f)
			}
			if f.Films != films || f.Whole != films {
				t.Errorf("%d of %d animations, want %d", f.Whole, f.Films, films)
			}
			if f.First != "skip" || f.Stops < 20 || f.Focused != f.Stops || f.Unnamed+f.Dead+f.Leaps+f.Stuck > 0 {
				t.Errorf("keyboard: %+v", f)
			}
		}
		if l.Shown != films || l.Toggled != 0 || still[i].Shown != 0 || still[i].Toggled != films {
			t.Errorf("of %d animations %d move, and %d once they are to be hidden; if less motion is wanted, %d and %d",
				films, l.Shown, l.Toggled, still[i].Shown, still[i].Toggled)
		}
	}
}

// A screen reader finds every picture, animation, table and link by a name, and the keyboard goes through the page in
// that order.
func TestAccess(t *testing.T) {
	plots, films, all := 0, 0, picturesOn(bitstep.Active())
	for _, p := range all {
		plots += len(p.plots)
		if p.film != nil {
			films++
		}
	}
	at, _ := chromium.Serve(t, map[string]string{"/": written(t)})
	b := chromium.New(t)
	b.Open(at + "/")
	b.CheckAccess(map[string]int{"image": plots + films, "checkbox": films, "table": len(all), "figure": len(all),
		"navigation": 1, "main": 1})
	for _, width := range []int{1280, 390} {
		for _, scheme := range []string{"light", "dark"} {
			b.Show(width, scheme, false)
			b.Picture(fmt.Sprintf("lecture-%d-%s", width, scheme))
		}
	}
	b.Show(1280, "light", true) // without the animation, which README has
	b.PictureOf("lecture", "#valleys")
	b.Clean(at + "/")
}
