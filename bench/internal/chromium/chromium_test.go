package chromium

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// What a page's worker asks for, and a worker of that one, is seen as what the page asks for; so is what they complain.
func TestSeen(t *testing.T) {
	at, asked := Serve(t, map[string]string{"/": `<!DOCTYPE html><link rel="icon" href="data:,"><script>
const inner = "fetch(base + '/inner').finally(() => postMessage(0))";
const outer = "onmessage = async e => { await fetch(e.data + '/outer');" +
  "const w = new Worker(URL.createObjectURL(new Blob(['const base = ' + JSON.stringify(e.data) + ';' + " +
  JSON.stringify(inner) + "])));" +
  "w.onmessage = () => { postMessage(0); setTimeout(() => { throw Error('worker fails'); }); } }";
const w = new Worker(URL.createObjectURL(new Blob([outer])));
w.onmessage = () => document.title = "done";
w.postMessage(location.origin);
fetch("/page");
</script>`, "/page": "", "/outer": "", "/inner": ""})
	b := New(t)
	b.Open(at + "/")
	for range 200 {
		if b.Eval("document.title") == "done" && len(b.Complaints()) > 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	got := b.Requests()
	slices.Sort(got)
	if want := []string{at + "/", at + "/inner", at + "/outer", at + "/page"}; !slices.Equal(got, want) {
		t.Errorf("seen %q, want %q; the server was asked for %q", got, want, asked())
	}
	if c := strings.Join(b.Complaints(), "\n"); !strings.Contains(c, "worker fails") {
		t.Errorf("the worker's error is not seen: %q", c)
	}
	if b.Workers() != 2 {
		t.Errorf("%d workers watched, want 2", b.Workers())
	}
}

// A request that a page's policy forbids is a complaint.
func TestForbidden(t *testing.T) {
	at, _ := Serve(t, map[string]string{"/": `<!DOCTYPE html><link rel="icon" href="data:,">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; script-src 'unsafe-inline';
  worker-src blob:"><script>
const code = "fetch('http://127.0.0.1:1/').catch(() => postMessage(0))";
new Worker(URL.createObjectURL(new Blob([code]))).onmessage = () => document.title = "done";
</script>`})
	b := New(t)
	b.Open(at + "/")
	for range 200 {
		if b.Eval("document.title") == "done" && len(b.Complaints()) > 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if len(b.Complaints()) == 0 {
		t.Errorf("nothing is seen of a request that the policy forbids; requests %q", b.Requests())
	}
}

// Names that lack, and a keyboard's order that is not the page's, are found.
func TestTree(t *testing.T) {
	at, _ := Serve(t, map[string]string{"/": `<!DOCTYPE html><link rel="icon" href="data:,"><h1>A</h1>
<button tabindex="2">second</button><button tabindex="1">first</button><button></button>
<img src="data:," alt="a picture">
<svg role="img" width="9" height="9"></svg>`})
	b := New(t)
	b.Open(at + "/")
	all, stops := b.Tree()
	for _, want := range []Node{{"heading", "A"}, {"image", "a picture"}, {"image", ""}, {"button", ""}} {
		if !slices.Contains(all, want) {
			t.Errorf("%v is not in %v", want, all)
		}
	}
	if want := []Node{{"button", "second"}, {"button", "first"}, {"button", ""}}; !slices.Equal(stops, want) {
		t.Errorf("in the tree %v take the focus, want %v", stops, want)
	}
	want := []Node{{"button", "first"}, {"button", "second"}, {"button", ""}}
	if got := b.Stops(); !slices.Equal(got, want) {
		t.Errorf("the keyboard comes to %v, want %v", got, want)
	}
}
