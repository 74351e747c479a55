package browser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bitstep-go/bitstep/bench/internal/browser/demo"
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

// serve serves a page; requests are the paths that were asked for.
func serve(t *testing.T, text string) (url string, requests func() []string) {
	var mu sync.Mutex
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		paths = append(paths, r.URL.Path)
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(paths)
	}
}

// until waits for an expression to be true, and returns how long that took.
func (b *tab) until(limit time.Duration, expression string) time.Duration {
	b.t.Helper()
	start := time.Now()
	for b.eval(expression) != "true" {
		if time.Since(start) > limit {
			b.t.Fatalf("after %v not: %s; the page says %s", limit, expression, b.eval("document.body.innerText"))
		}
		time.Sleep(100 * time.Millisecond)
	}
	return time.Since(start)
}

// reach presses Tab until the button of a section has the focus.
func (b *tab) reach(section string) {
	b.t.Helper()
	for range 10 {
		b.press("Tab")
		if b.eval("document.activeElement.matches('#"+section+" button')") == "true" {
			return
		}
	}
	b.t.Fatalf("Tab does not reach the button of %s", section)
}

// run starts a section's task by the keyboard, waits for its end, and returns the digests and what the page says.
func (b *tab) run(section string, limit time.Duration) (here, there, verdict string) {
	b.t.Helper()
	b.reach(section)
	b.press("Enter")
	b.until(limit, "document.querySelector('#"+section+" .verdict').textContent !== '' || "+
		"document.querySelector('#"+section+" .status').textContent.startsWith('It failed')")
	text := func(class string) string {
		return b.eval("document.querySelector('#" + section + " ." + class + "').textContent")
	}
	b.t.Log(text("status"))
	return text("here"), text("there"), text("verdict")
}

// clean fails the test if a script failed, the console was written to, or more was asked for than the page.
func (b *tab) clean(url string) {
	b.t.Helper()
	for _, e := range b.happened("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded") {
		b.t.Errorf("%s %s", e.Method, e.Params)
	}
	asked := 0
	for _, e := range b.happened("Network.requestWillBeSent") {
		var p struct{ Request struct{ URL string } }
		if err := json.Unmarshal(e.Params, &p); err != nil {
			b.t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(p.Request.URL, "data:"), strings.HasPrefix(p.Request.URL, "blob:"):
		case strings.TrimSuffix(p.Request.URL, "/") == url:
			asked++
		default:
			b.t.Errorf("a request: %s", p.Request.URL)
		}
	}
	if asked != 1 {
		b.t.Errorf("%d requests of the page, want 1", asked)
	}
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
func checkFree(t *testing.T, b *tab) {
	var kept struct{ Longest, Part float64 }
	if err := json.Unmarshal([]byte(b.eval("JSON.stringify(kept)")), &kept); err != nil {
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
	at, requests := serve(t, write(t, p))
	b := newTab(t)
	b.show(1280, "light")
	b.open(at)
	picture(t, b, "before")
	b.eval(watch)

	b.reach("train")
	b.press("Enter")
	b.until(time.Minute, "document.querySelectorAll('#curve polyline').length === 1")
	b.press("Enter") // the same button stops
	if got := b.eval("document.querySelector('#train .status').textContent"); got != "Stopped." {
		t.Errorf("after Enter while it trains the page says %q", got)
	}
	b.press("Enter")
	b.until(2*time.Minute, "document.querySelectorAll('#epochs tr').length === 4")
	for _, width := range []int{390, 1280} {
		b.show(width, "dark")
		picture(t, b, fmt.Sprintf("during-%d", width))
	}
	b.until(2*time.Minute, "document.querySelector('#train .verdict').textContent !== ''")
	digest := b.eval("document.querySelector('#train .here').textContent")
	if got := b.eval("document.querySelector('#train .verdict').textContent"); digest != p.Training || got != "equal" {
		t.Errorf("trained %s, want %s; the page says %q", digest, p.Training, got)
	}
	t.Log(b.eval("document.querySelector('#train .status').textContent"))
	here, there, verdict := b.run("verify", 5*time.Minute)
	if here != p.Verification || there != here || verdict != "equal" {
		t.Errorf("verified %s, want %s; the page says %q of %q", here, p.Verification, verdict, there)
	}
	b.clean(at)
	if got := requests(); !slices.Equal(got, []string{"/"}) {
		t.Errorf("requests: %v", got)
	}
	checkFree(t, b)
	checkShown(t, b)
	for _, width := range []int{1280, 390} {
		for _, scheme := range []string{"light", "dark"} {
			b.show(width, scheme)
			if got := b.eval("document.documentElement.scrollWidth > innerWidth"); got != "false" {
				t.Errorf("the page needs more than %d pixels: %s", width, got)
			}
			picture(t, b, fmt.Sprintf("after-%d-%s", width, scheme))
		}
	}
	b.eval("document.querySelector('details').open = true")
	picture(t, b, "epochs")
	checkNames(t, b)
}

// checkShown checks that curve, pictures and table show the run.
func checkShown(t *testing.T, b *tab) {
	for expression, want := range map[string]string{
		"document.querySelectorAll('#curve circle').length":                                         "10",
		"document.querySelector('#curve polyline').getAttribute('points').split(' ').length":        "180",
		"document.querySelectorAll('#epochs tr').length":                                            "10",
		"document.querySelectorAll('#templates canvas').length":                                     "10",
		"new Set([...document.querySelectorAll('#templates canvas')].map(c => c.toDataURL())).size": "10",
	} {
		if got := b.eval(expression); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
}

// checkNames checks what a screen reader finds.
func checkNames(t *testing.T, b *tab) {
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value string }
		}
	}
	b.call("Accessibility.getFullAXTree", nil, &tree)
	found := map[string][]string{}
	for _, n := range tree.Nodes {
		if !n.Ignored {
			found[n.Role.Value] = append(found[n.Role.Value], n.Name.Value)
		}
	}
	for role, count := range map[string]int{"button": 2, "progressbar": 2, "image": 11, "heading": 3, "link": 1,
		"region": 3, "DisclosureTriangle": 1} {
		if len(found[role]) != count || slices.Contains(found[role], "") {
			t.Errorf("of %s there are %q, want %d, all with names", role, found[role], count)
		}
	}
	if n := len(found["status"]); n != 2 {
		t.Errorf("%d statuses, want 2", n)
	}
}

// changes counts how often the curve changes.
const changes = `window.changed = 0; new MutationObserver(all => { changed += all.length; }).observe(
  document.querySelector("#curve"), {subtree: true, attributeFilter: ["points"]})`

// A page that expects another digest says that it is different. It moves once an epoch for those who want that.
func TestDifferent(t *testing.T) {
	p := page(t)
	p.Training = strings.Repeat("0", 64)
	at, _ := serve(t, write(t, p))
	b := newTab(t)
	b.call("Emulation.setEmulatedMedia",
		fields{"features": []fields{{"name": "prefers-reduced-motion", "value": "reduce"}}}, nil)
	b.open(at)
	b.eval(changes)
	here, there, verdict := b.run("train", 2*time.Minute)
	right, err := trainingDigest("../../..")
	if err != nil || here != right || there != p.Training || verdict != "different" {
		t.Errorf("%v; trained %s, want %s; expected %s; the page says %q", err, here, right, there, verdict)
	}
	if got := b.eval("changed"); got != "10" {
		t.Errorf("with reduced motion the curve changes %s times, want once in each of 10 epochs", got)
	}
	b.clean(at)
}

// The page works from a disk, and says what a browser lacks.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(name, []byte(write(t, page(t))), 0o666); err != nil {
		t.Fatal(err)
	}
	at := (&url.URL{Scheme: "file", Path: filepath.ToSlash(name)}).String()
	b := newTab(t)
	b.open(at)
	b.reach("train")
	b.press("Enter")
	b.until(time.Minute, "document.querySelectorAll('#curve polyline').length === 1")
	b.clean(at)

	b.call("Page.addScriptToEvaluateOnNewDocument", fields{"source": "delete window.DecompressionStream"}, nil)
	b.open(at)
	got := b.eval("document.body.innerText")
	if !strings.Contains(got, "lacks what the page needs: DecompressionStream.") ||
		strings.Contains(got, "Train the classifier") {
		t.Errorf("without DecompressionStream: %s", got)
	}
	b.call("Emulation.setScriptExecutionDisabled", fields{"value": true}, nil)
	b.open(at)
	if got := b.eval("document.body.innerText"); !strings.Contains(got, "takes JavaScript") {
		t.Errorf("without scripts: %s", got)
	}
}

// picture writes a picture of the page to the folder that BITSTEP_PICTURES names, if any.
func picture(t *testing.T, b *tab, name string) {
	dir := os.Getenv("BITSTEP_PICTURES")
	if dir == "" {
		return
	}
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", fields{"captureBeyondViewport": true}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}
