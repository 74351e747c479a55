// Package chromium opens the pages of bench in headless Chromium, for tests.
package chromium

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Tab is a page in a headless Chromium, driven by the DevTools protocol over a pipe: messages of JSON, each with a
// zero byte behind it.
type Tab struct {
	t       *testing.T
	to      *os.File
	session string
	closed  chan struct{} // when Chromium has closed the pipe

	mu      sync.Mutex
	calls   int
	waiting map[int]chan reply
	events  []event
	workers int // attached so far
}

type reply struct {
	ID     int
	Result json.RawMessage
	Error  *struct{ Message string }
}

// An event is what happened in the tab or in a worker of it.
type event struct {
	Method string
	Params json.RawMessage
}

// New starts Chromium, or skips the test where there is none.
func New(t *testing.T) *Tab {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip(err)
	}
	in, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(chromium, "--headless=new", "--no-sandbox", "--disable-gpu",
		"--remote-debugging-pipe", "--user-data-dir="+t.TempDir())
	cmd.ExtraFiles = []*os.File{in, out} // which it reads as 3 and writes as 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	out.Close()
	b := &Tab{t: t, to: to, waiting: map[int]chan reply{}, closed: make(chan struct{})}
	go b.read(from)
	t.Cleanup(func() { // before TempDir's
		b.try("", "Browser.close", nil, nil) // which may end the pipe before it is answered
		to.Close()
		<-b.closed
		from.Close()
		cmd.Wait()
	})
	var target struct{ TargetID string }
	b.Call("Target.createTarget", Fields{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.Call("Target.attachToTarget", Fields{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Network", "Runtime", "Log", "Accessibility"} {
		b.Call(domain+".enable", nil, nil)
	}
	b.Call("Target.setAutoAttach", autoAttach, nil)
	return b
}

// Fields are those of an object of JSON.
type Fields map[string]any

// autoAttach stops workers before they begin, until watch has seen to it that what they do is seen.
var autoAttach = Fields{"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true}

// watch makes events of what a worker does, and lets it begin.
func (b *Tab) watch(session string) {
	for _, domain := range []string{"Network", "Runtime", "Log"} {
		if err := b.try(session, domain+".enable", nil, nil); err != nil && domain != "Log" { // which not all have
			b.t.Errorf("a worker: %s: %v", domain, err)
		}
	}
	b.try(session, "Target.setAutoAttach", autoAttach, nil) // for its own workers, where it may have some
	if err := b.try(session, "Runtime.runIfWaitingForDebugger", nil, nil); err != nil {
		b.t.Errorf("a worker does not begin: %v", err)
	}
	b.mu.Lock()
	b.workers++
	b.mu.Unlock()
}

// Workers is how many workers have been watched.
func (b *Tab) Workers() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.workers
}

// read takes messages until the pipe ends.
func (b *Tab) read(from *os.File) {
	defer close(b.closed)
	lines := bufio.NewReader(from)
	for {
		text, err := lines.ReadBytes(0)
		if err != nil {
			return
		}
		text = bytes.TrimSuffix(text, []byte{0})
		var r reply
		var e event
		if json.Unmarshal(text, &r) != nil || json.Unmarshal(text, &e) != nil {
			continue
		}
		b.mu.Lock()
		if c := b.waiting[r.ID]; c != nil {
			delete(b.waiting, r.ID)
			c <- r
		} else {
			b.events = append(b.events, e)
		}
		b.mu.Unlock()
		if e.Method == "Target.attachedToTarget" {
			var p struct {
				SessionID          string
				WaitingForDebugger bool
			}
			if json.Unmarshal(e.Params, &p) == nil && p.WaitingForDebugger {
				go b.watch(p.SessionID)
			}
		}
	}
}

// Call calls a method of the protocol.
func (b *Tab) Call(method string, params Fields, result any) {
	b.t.Helper()
	if err := b.try(b.session, method, params, result); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

func (b *Tab) try(session, method string, params Fields, result any) error {
	c := make(chan reply, 1)
	b.mu.Lock()
	b.calls++
	m := Fields{"id": b.calls, "method": method, "params": params}
	if params == nil {
		m["params"] = Fields{}
	}
	if session != "" {
		m["sessionId"] = session
	}
	text, err := json.Marshal(m)
	if err == nil {
		b.waiting[b.calls] = c
		_, err = b.to.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case r := <-c:
		if r.Error != nil {
			return errors.New(r.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(r.Result, result)
	case <-b.closed:
		return errors.New("Chromium has ended")
	case <-time.After(time.Minute):
		return errors.New("no answer")
	}
}

// happened returns the events of these methods.
func (b *Tab) happened(methods ...string) (all []event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if slices.Contains(methods, e.Method) {
			all = append(all, e)
		}
	}
	return all
}

// Open opens a page and waits until it is loaded.
func (b *Tab) Open(url string) {
	b.t.Helper()
	before := len(b.happened("Page.loadEventFired"))
	b.Call("Page.navigate", Fields{"url": url}, nil)
	for range 600 {
		if len(b.happened("Page.loadEventFired")) > before {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("%s is not loaded", url)
}

// Eval returns the value of an expression of JavaScript as text; if it is a promise, what that comes to.
func (b *Tab) Eval(expression string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.Call("Runtime.evaluate", Fields{"expression": expression, "returnByValue": true, "awaitPromise": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, r.ExceptionDetails)
	}
	return fmt.Sprint(r.Result.Value)
}

// Press presses and releases a key.
func (b *Tab) Press(key string) {
	b.t.Helper()
	down := Fields{"type": "keyDown", "key": key, "code": key}
	switch key {
	case "Tab":
		down["windowsVirtualKeyCode"] = 9
	case "Enter":
		down["windowsVirtualKeyCode"], down["text"] = 13, "\r"
	}
	b.Call("Input.dispatchKeyEvent", down, nil)
	b.Call("Input.dispatchKeyEvent", Fields{"type": "keyUp", "key": key, "code": key}, nil)
}

// Show sets the width of the screen, and what the visitor prefers: light or dark colours, and less motion or not.
func (b *Tab) Show(width int, scheme string, still bool) {
	b.t.Helper()
	motion := "no-preference"
	if still {
		motion = "reduce"
	}
	b.Call("Emulation.setDeviceMetricsOverride",
		Fields{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.Call("Emulation.setEmulatedMedia", Fields{"features": []Fields{
		{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion}}}, nil)
}

// Requests are what the page and its workers have asked for, but for what they have themselves (data: and blob:).
func (b *Tab) Requests() (urls []string) {
	b.t.Helper()
	for _, e := range b.happened("Network.requestWillBeSent", "Network.webSocketCreated",
		"Network.webTransportCreated") {
		var p struct {
			URL     string
			Request struct{ URL string }
		}
		if err := json.Unmarshal(e.Params, &p); err != nil {
			b.t.Fatal(err)
		}
		url := p.URL + p.Request.URL
		if !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") {
			urls = append(urls, url)
		}
	}
	return urls
}

// Complaints are errors of scripts, and whatever was written to the console, of the page and its workers. Chromium also
// writes what a page's policy forbids.
func (b *Tab) Complaints() (all []string) {
	for _, e := range b.happened("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded") {
		all = append(all, fmt.Sprintf("%s %s", e.Method, e.Params))
	}
	return all
}

// Clean fails the test if there are complaints, or if page and workers have asked for something else than urls.
func (b *Tab) Clean(urls ...string) {
	b.t.Helper()
	for _, c := range b.Complaints() {
		b.t.Error(c)
	}
	got := b.Requests()
	slices.Sort(got)
	slices.Sort(urls)
	if !slices.Equal(got, urls) {
		b.t.Errorf("requests of %q, want %q", got, urls)
	}
}

// Picture writes a picture of the page to the folder that BITSTEP_PICTURES names, if any.
func (b *Tab) Picture(name string) { b.picture(name, Fields{"captureBeyondViewport": true}) }

// PictureOf is [Tab.Picture] of the element that a selector finds.
func (b *Tab) PictureOf(name, selector string) {
	b.t.Helper()
	var clip Fields
	found := b.Eval("(r => JSON.stringify({x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height, " +
		"scale: 1}))(document.querySelector(" + strconv.Quote(selector) + ").getBoundingClientRect())")
	if err := json.Unmarshal([]byte(found), &clip); err != nil {
		b.t.Fatalf("%v: %s", err, found)
	}
	b.picture(name, Fields{"captureBeyondViewport": true, "clip": clip})
}

func (b *Tab) picture(name string, options Fields) {
	b.t.Helper()
	dir := os.Getenv("BITSTEP_PICTURES")
	if dir == "" {
		return
	}
	var shot struct{ Data string }
	b.Call("Page.captureScreenshot", options, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o666)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// Serve serves pages by their paths until the test ends; requests are the paths that were asked for.
func Serve(t *testing.T, pages map[string]string) (url string, requests func() []string) {
	var mu sync.Mutex
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		paths = append(paths, r.URL.Path)
		page, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, page)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(paths)
	}
}
