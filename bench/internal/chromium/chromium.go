// Package chromium opens the pages of bench in headless Chromium, for tests.
package chromium

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

var foundText = regexp.MustCompile(`(?s)<pre id="found">(.*?)</pre>`)

// Measure opens frames, a document that shows /page in two frames and writes what it measures of them, as JSON, to its
// pre#found. It returns that, and fails the test if a page tells the console anything, as it does of errors and of what
// its policy forbids, or asks for anything. Scheme is Blink's preferred one: 0 is dark, 1 light. It skips the test
// where there is no Chromium.
func Measure(t *testing.T, frames, page string, scheme int, flags ...string) []byte {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip(err)
	}
	var mu sync.Mutex
	var requests []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests = append(requests, r.URL.Path)
		mu.Unlock()
		switch w.Header().Set("Content-Type", "text/html"); r.URL.Path {
		case "/":
			fmt.Fprint(w, frames)
		case "/page":
			fmt.Fprint(w, page)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var log strings.Builder
	cmd := exec.CommandContext(ctx, chromium, append([]string{"--headless=new", "--no-sandbox", "--disable-gpu",
		"--enable-logging=stderr", fmt.Sprintf("--blink-settings=preferredColorScheme=%d", scheme),
		"--user-data-dir=" + t.TempDir(), "--window-size=1800,900", "--dump-dom"}, append(flags, server.URL+"/")...)...)
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	for _, line := range strings.Split(log.String(), "\n") {
		if strings.Contains(line, "CONSOLE") {
			t.Error(line)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(requests) != 3 {
		t.Errorf("requests: %v", requests)
	}
	found := foundText.FindSubmatch(out)
	if found == nil {
		t.Fatalf("nothing was measured: %.2000s", out)
	}
	return []byte(html.UnescapeString(string(found[1])))
}
