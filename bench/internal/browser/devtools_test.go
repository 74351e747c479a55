package browser

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"
)

// A tab is a page in a headless Chromium, driven by the DevTools protocol over a pipe: messages of JSON, each with a
// zero byte behind it.
type tab struct {
	t       *testing.T
	to      *os.File
	session string
	closed  chan struct{} // when Chromium has closed the pipe

	mu      sync.Mutex
	calls   int
	waiting map[int]chan reply
	events  []event
}

type reply struct {
	ID     int
	Result json.RawMessage
	Error  *struct{ Message string }
}

// An event is what happened in the tab. Requests of its workers are not seen: the page's policy forbids those.
type event struct {
	Method string
	Params json.RawMessage
}

// newTab starts Chromium, or skips the test where there is none.
func newTab(t *testing.T) *tab {
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
	b := &tab{t: t, to: to, waiting: map[int]chan reply{}, closed: make(chan struct{})}
	go b.read(from)
	t.Cleanup(func() { // before TempDir's
		b.try("Browser.close", nil, nil) // which may end the pipe before it is answered
		to.Close()
		<-b.closed
		from.Close()
		cmd.Wait()
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", fields{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", fields{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Network", "Runtime", "Log", "Accessibility"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

type fields map[string]any

// read takes messages until the pipe ends.
func (b *tab) read(from *os.File) {
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
	}
}

// call calls a method of the protocol.
func (b *tab) call(method string, params fields, result any) {
	b.t.Helper()
	if err := b.try(method, params, result); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

func (b *tab) try(method string, params fields, result any) error {
	c := make(chan reply, 1)
	b.mu.Lock()
	b.calls++
	m := fields{"id": b.calls, "method": method, "params": params}
	if params == nil {
		m["params"] = fields{}
	}
	if b.session != "" && method != "Browser.close" {
		m["sessionId"] = b.session
	}
	b.waiting[b.calls] = c
	b.mu.Unlock()
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
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
func (b *tab) happened(methods ...string) (all []event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if slices.Contains(methods, e.Method) {
			all = append(all, e)
		}
	}
	return all
}

// open opens a page and waits until it is loaded.
func (b *tab) open(url string) {
	b.t.Helper()
	before := len(b.happened("Page.loadEventFired"))
	b.call("Page.navigate", fields{"url": url}, nil)
	for range 600 {
		if len(b.happened("Page.loadEventFired")) > before {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("%s is not loaded", url)
}

// eval returns the value of an expression of JavaScript, which is a string.
func (b *tab) eval(expression string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", fields{"expression": expression, "returnByValue": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, r.ExceptionDetails)
	}
	return fmt.Sprint(r.Result.Value)
}

// press presses and releases a key.
func (b *tab) press(key string) {
	b.t.Helper()
	down := fields{"type": "keyDown", "key": key, "code": key}
	switch key {
	case "Tab":
		down["windowsVirtualKeyCode"] = 9
	case "Enter":
		down["windowsVirtualKeyCode"], down["text"] = 13, "\r"
	}
	b.call("Input.dispatchKeyEvent", down, nil)
	b.call("Input.dispatchKeyEvent", fields{"type": "keyUp", "key": key, "code": key}, nil)
}

// show sets the width of the screen, and the colours that the visitor prefers.
func (b *tab) show(width int, scheme string) {
	b.call("Emulation.setDeviceMetricsOverride",
		fields{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.call("Emulation.setEmulatedMedia",
		fields{"features": []fields{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}
