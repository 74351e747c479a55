package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bitstep-go/bitstep/bench/internal/browser/demo"
	"github.com/bitstep-go/bitstep/bench/internal/chromium"
	"github.com/bitstep-go/bitstep/linear"
)

// What the page trains is what README says that the command trains.
func TestTraining(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	want, err := trainingDigest("../../..")
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	r, err := demo.Train(func() {}, func(linear.Progress, *linear.Model[float32]) { steps++ })
	if err != nil || r.Model.Hash() != want || steps != int(r.Steps) {
		t.Errorf("%v; got %s after %d of %d steps, want %s", err, r.Model.Hash(), steps, r.Steps, want)
	}
}

// The user's settings of the go command decide nothing of the program, and where modules are found still holds.
func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("GOEXPERIMENT=nogreenteagc\nGOPROXY=file:///here\nGOFIPS140=v1.0.0\n"),
		0o666); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{"GOENV": file, "GOFLAGS": "-tags=purego", "GOWASM": "satconv",
		"GONOSUMDB": "there", "GOPROXY": "", "GOEXPERIMENT": "", "GOFIPS140": ""} {
		t.Setenv(key, value)
	}
	env, err := settings(t.Context(), "../../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := run(t.Context(), "../../..", env, "env", "GOFLAGS", "GOEXPERIMENT", "GOFIPS140", "GOWASM", "GOARCH",
		"GOPROXY", "GONOSUMDB")
	if want := "off\n\nwasm\nfile:///here\nthere"; err != nil || got != want { // without the empty ones before
		t.Errorf("%v; settings %q, want %q", err, got, want)
	}
}

// built is the page, built once.
var built = sync.OnceValues(func() (*Page, error) { return Build(context.Background()) })

// write writes the page of these facts.
func write(t *testing.T, p Page) string {
	t.Helper()
	var text strings.Builder
	if err := p.Write(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// page returns the page's parts.
func page(t *testing.T) Page {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a program and runs it in a browser")
	}
	p, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return *p
}

// A tab is one of Chromium, with what these tests do in it.
type tab struct {
	*chromium.Tab
	t *testing.T
}

func newTab(t *testing.T) tab {
	t.Helper()
	return tab{chromium.New(t), t}
}

// finish waits for an expression to be true, for as long as a section's progress moves: how long all of it takes is the
// machine's.
func (b tab) finish(section, expression string) {
	b.t.Helper()
	moved, since := "", time.Now()
	for b.Eval(expression) != "true" {
		now := b.Eval("String(document.querySelector('#" + section + " progress').value)")
		if now != moved {
			moved, since = now, time.Now()
		} else if time.Since(since) > 3*time.Minute {
			b.t.Fatalf("%s stands still at %s, and not: %s; the page says %s", section, now, expression,
				b.Eval("document.body.innerText"))
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// reach presses Tab until the button of a section has the focus.
func (b tab) reach(section string) {
	b.t.Helper()
	for range 10 {
		b.Press("Tab")
		if b.Eval("document.activeElement.matches('#"+section+" button')") == "true" {
			return
		}
	}
	b.t.Fatalf("Tab does not reach the button of %s", section)
}

// run starts a section's task by the keyboard, waits for its end, and returns the digests and what the page says.
func (b tab) run(section string) (here, there, verdict string) {
	b.t.Helper()
	b.reach(section)
	b.Press("Enter")
	b.finish(section, "document.querySelector('#"+section+" .verdict').textContent !== '' || "+
		"document.querySelector('#"+section+" .status').textContent.startsWith('It failed')")
	text := func(class string) string {
		return b.Eval("document.querySelector('#" + section + " ." + class + "').textContent")
	}
	b.t.Log(text("status"))
	return text("here"), text("there"), text("verdict")
}

// watch measures how long the page's thread is kept from a timer: the longest time, and the part of all time that it
// is kept for more than a fifth of a second, which people notice.
const watch = `{
  const begun = performance.now();
  let last = begun, lost = 0, longest = 0;
  setInterval(() => {
    const now = performance.now(), gap = now - last;
    last = now;
    longest = Math.max(longest, gap);
    if (gap > 200) lost += gap;
    window.kept = {longest, part: lost / (now - begun)};
  }, 10);
}`

// checkFree checks that the page's thread was free. One that computed, or drew slowly, would be kept most of the time;
// a busy machine now and then.
func checkFree(t *testing.T, b tab) {
	var kept struct{ Longest, Part float64 }
	if err := json.Unmarshal([]byte(b.Eval("JSON.stringify(kept)")), &kept); err != nil {
		t.Fatal(err)
	}
	t.Logf("the page's thread is kept for at most %.0f ms", kept.Longest)
	if kept.Longest < 1 || kept.Part > .1 {
		t.Errorf("the page's thread is kept for up to %.0f ms, for longer than 200 ms in %.0f%% of the time",
			kept.Longest, 100*kept.Part)
	}
}

// A visitor with a keyboard trains and verifies, and finds the digests of all other machines. The page's thread stays
// free; nothing is asked of the network; every control has a name.
func TestBrowser(t *testing.T) {
	p := page(t)
	at, requests := chromium.Serve(t, map[string]string{"/": write(t, p)})
	at += "/"
	b := newTab(t)
	b.Show(1280, "light", false)
	b.Open(at)
	b.Picture("before")
	b.Eval(watch)

	b.reach("train")
	b.Press("Enter")
	b.finish("train", "document.querySelectorAll('#curve polyline').length === 1")
	b.Press("Enter") // the same button stops
	if got := b.Eval("document.querySelector('#train .status').textContent"); got != "Stopped." {
		t.Errorf("after Enter while it trains the page says %q", got)
	}
	b.Press("Enter")
	b.finish("train", "document.querySelectorAll('#epochs tr').length === 4")
	for _, width := range []int{390, 1280} {
		b.Show(width, "dark", false)
		b.Picture(fmt.Sprintf("during-%d", width))
	}
	b.finish("train", "document.querySelector('#train .verdict').textContent !== ''")
	digest := b.Eval("document.querySelector('#train .here').textContent")
	if got := b.Eval("document.querySelector('#train .verdict').textContent"); digest != p.Training || got != "equal" {
		t.Errorf("trained %s, want %s; the page says %q", digest, p.Training, got)
	}
	t.Log(b.Eval("document.querySelector('#train .status').textContent"))
	here, there, verdict := b.run("verify")
	if here != p.Verification || there != here || verdict != "equal" {
		t.Errorf("verified %s, want %s; the page says %q of %q", here, p.Verification, verdict, there)
	}
	b.Clean(at)
	if got := requests(); !slices.Equal(got, []string{"/"}) {
		t.Errorf("requests: %v", got)
	}
	checkFree(t, b)
	checkShown(t, b)
	for _, width := range []int{1280, 390} {
		for _, scheme := range []string{"light", "dark"} {
			b.Show(width, scheme, false)
			if got := b.Eval("document.documentElement.scrollWidth > innerWidth"); got != "false" {
				t.Errorf("the page needs more than %d pixels: %s", width, got)
			}
			name := fmt.Sprintf("browser-%d-%s", width, scheme)
			if width == 1280 && scheme == "light" {
				name = "browser" // docs/browser.png
			}
			b.Picture(name)
		}
	}
	b.Eval("document.querySelector('details').open = true")
	b.Picture("epochs")
	b.CheckAccess(map[string]int{"button": 2, "progressbar": 2, "image": 11, "heading": 3, "link": 1, "region": 3,
		"DisclosureTriangle": 1, "status": 2, "main": 1, "table": 1})
	if n := b.Workers(); n != 3 {
		t.Errorf("%d workers were watched, want those of the runs, 3", n)
	}
}

// checkShown checks that curve, pictures and table show the run.
func checkShown(t *testing.T, b tab) {
	for expression, want := range map[string]string{
		"document.querySelectorAll('#curve circle').length":                                         "10",
		"document.querySelector('#curve polyline').getAttribute('points').split(' ').length":        "180",
		"document.querySelectorAll('#epochs tr').length":                                            "10",
		"document.querySelectorAll('#templates canvas').length":                                     "10",
		"new Set([...document.querySelectorAll('#templates canvas')].map(c => c.toDataURL())).size": "10",
	} {
		if got := b.Eval(expression); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
}

// changes counts how often the curve changes.
const changes = `window.changed = 0; new MutationObserver(all => { changed += all.length; }).observe(
  document.querySelector("#curve"), {subtree: true, attributeFilter: ["points"]})`

// A page that expects another digest says that it is different. It moves once an epoch for those who want that.
func TestDifferent(t *testing.T) {
	p := page(t)
	p.Training = strings.Repeat("0", 64)
	at, _ := chromium.Serve(t, map[string]string{"/": write(t, p)})
	at += "/"
	b := newTab(t)
	b.Show(1280, "light", true)
	b.Open(at)
	b.Eval(changes)
	here, there, verdict := b.run("train")
	right, err := trainingDigest("../../..")
	if err != nil || here != right || there != p.Training || verdict != "different" {
		t.Errorf("%v; trained %s, want %s; expected %s; the page says %q", err, here, right, there, verdict)
	}
	if got := b.Eval("changed"); got != "10" {
		t.Errorf("with reduced motion the curve changes %s times, want once in each of 10 epochs", got)
	}
	b.Clean(at)
}

// The page works from a disk, and says what a browser lacks.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(name, []byte(write(t, page(t))), 0o666); err != nil {
		t.Fatal(err)
	}
	at := (&url.URL{Scheme: "file", Path: filepath.ToSlash(name)}).String()
	b := newTab(t)
	b.Open(at)
	b.reach("train")
	b.Press("Enter")
	b.finish("train", "document.querySelectorAll('#curve polyline').length === 1")
	b.Clean(at)

	b.Call("Page.addScriptToEvaluateOnNewDocument", chromium.Fields{"source": "delete window.DecompressionStream"}, nil)
	b.Open(at)
	got := b.Eval("document.body.innerText")
	if !strings.Contains(got, "lacks what the page needs: DecompressionStream.") ||
		strings.Contains(got, "Train the classifier") {
		t.Errorf("without DecompressionStream: %s", got)
	}
	b.Call("Emulation.setScriptExecutionDisabled", chromium.Fields{"value": true}, nil)
	b.Open(at)
	if got := b.Eval("document.body.innerText"); !strings.Contains(got, "takes JavaScript") {
		t.Errorf("without scripts: %s", got)
	}
}
