package chromium

import (
	"encoding/json"
	"fmt"
	"testing"
)

// frames show a page at the widths of a phone and of a screen, and measure both.
const frames = `<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,"><title>frames</title>
<iframe src="/page" style="width:390px;height:800px;border:0"></iframe>
<iframe src="/page" style="width:1280px;height:800px;border:0"></iframe>
<script>
const measured = () => JSON.stringify([...document.querySelectorAll("iframe")].map(frame => {
  const d = frame.contentDocument, style = e => frame.contentWindow.getComputedStyle(e);
  const box = e => e.getBoundingClientRect(), all = selector => [...d.querySelectorAll(selector)];
  %s
}));
</script>`

// Measure opens a page at two widths, 390 and 1280 pixels, and measures it: script is the body of a function of
// JavaScript, of the frame, its document d and the functions style, box and all(selector). It decodes what this returns
// of both, an array, into measured, and fails the test if the page complains or asks for anything.
func Measure(t *testing.T, page, script, scheme string, still bool, measured any) {
	t.Helper()
	b := New(t)
	at, _ := Serve(t, map[string]string{"/": fmt.Sprintf(frames, script), "/page": page})
	b.Show(1800, scheme, still)
	b.Open(at + "/")
	found := b.Eval("measured()")
	if err := json.Unmarshal([]byte(found), measured); err != nil {
		t.Fatalf("%v: %.1000s", err, found)
	}
	b.Clean(at+"/", at+"/page", at+"/page")
}
