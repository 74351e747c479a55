// Package browser builds a page that runs bitstep as WebAssembly in a visitor's browser: one file that needs no other,
// no server and no network.
package browser

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/bitstep-go/bitstep/bench/internal/browser/demo"
	"github.com/bitstep-go/bitstep/bench/internal/style"
	"github.com/bitstep-go/bitstep/linear/dataset"
)

// Module is bitstep's.
const Module = "github.com/bitstep-go/bitstep"

// A Page is what the page is made of.
type Page struct {
	wasm   []byte // the program, compressed
	loader string // wasm_exec.js of the Go that built it

	// The script reads these.
	Go           string   `json:"go"`      // the version that built the program
	Bytes        int      `json:"bytes"`   // of the program
	Command      string   `json:"command"` // trains as the page does
	Training     string   `json:"training"`
	Verification string   `json:"verification"`
	Classes      []string `json:"classes"`
}

// Build builds the program from the source of the module that the current folder is in, or requires. Digests are those
// of the source: the page's results are compared with them.
func Build(ctx context.Context) (*Page, error) {
	root, err := source(ctx)
	if err != nil {
		return nil, err
	}
	p := &Page{Command: demo.Command, Classes: dataset.SyntheticClasses()}
	if p.Training, err = trainingDigest(root); err != nil {
		return nil, err
	}
	list, err := os.ReadFile(filepath.Join(root, "testdata", "verify.txt"))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(list)
	p.Verification = hex.EncodeToString(sum[:])

	env, err := settings(ctx, root)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bitstep-page-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "main.wasm")
	// The page's bytes follow from the source and the version of Go alone.
	_, err = run(ctx, root, env, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", name,
		"./bench/internal/browser/wasm")
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	p.Bytes = len(program)
	if p.wasm, err = compressed(program); err != nil {
		return nil, err
	}
	goroot, err := run(ctx, root, env, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	loader, err := os.ReadFile(filepath.Join(goroot, "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return nil, err
	}
	p.loader = string(loader)
	p.Go, err = run(ctx, root, env, "env", "GOVERSION")
	return p, err
}

// source returns the folder of the module's source.
func source(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", fmt.Errorf("the page is built by the go command, which is not here: https://go.dev/dl has it: %w",
			err)
	}
	dir, err := run(ctx, "", os.Environ(), "list", "-m", "-f", "{{.Dir}}", Module)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", fmt.Errorf("the page is built from bitstep's source, which is not found from this folder: run the "+
			"command in a clone of https://%s, or in a module that requires it (go get %s): %w", Module, Module, err)
	case dir == "": // the module requires it, and nothing has needed it so far
		return "", fmt.Errorf("bitstep's source is not on this machine yet: go mod download %s brings it", Module)
	}
	return dir, nil
}

// decide are settings that change the program, or how it is found: the user's are for other programs.
var decide = []string{"GOFLAGS", "GOEXPERIMENT", "GOFIPS140", "GODEBUG", "GOWASM", "GOWORK", "GO111MODULE", "GOENV"}

// settings returns the environment for building in a folder: that of the go command there, whether it has it from the
// environment or from its own file, but for what decides the program's bytes.
func settings(ctx context.Context, dir string) ([]string, error) {
	text, err := run(ctx, dir, os.Environ(), "env", "-json", "-changed")
	if err != nil {
		return nil, err
	}
	var changed map[string]string
	if err := json.Unmarshal([]byte(text), &changed); err != nil {
		return nil, err
	}
	env := os.Environ()
	for key, value := range changed {
		env = append(env, key+"="+value)
	}
	for _, key := range decide {
		env = append(env, key+"=")
	}
	// A workspace may have found the module; its build needs none.
	return append(env, "GOENV=off", "GOWORK=off", "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0"), nil
}

// run runs the go command in a folder, and returns what it prints.
func run(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

var digestText = regexp.MustCompile(`SHA-256 ([0-9a-f]{64})\b`)

// trainingDigest is what README says that the command prints.
func trainingDigest(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		return "", err
	}
	_, after, found := strings.Cut(string(text), demo.Command)
	digest := digestText.FindStringSubmatch(after)
	if !found || digest == nil {
		return "", fmt.Errorf("README.md of %s lacks the digest of %s: is it of another version?", root, demo.Command)
	}
	return digest[1], nil
}

func compressed(text []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err = w.Write(text); err == nil {
		err = w.Close()
	}
	return b.Bytes(), err
}

//go:embed page.html page.js worker.js
var files embed.FS

//go:embed page.css
var sheet string

// No value is of a stranger, and what scripts read is not escaped as text is: so this is no html/template.
var pages = template.Must(template.ParseFS(files, "*"))

// Write writes the page.
func (p *Page) Write(w io.Writer) error {
	facts, err := json.Marshal(p) // which escapes < and >
	if err != nil {
		return err
	}
	head := style.Head("bitstep in your browser",
		[]string{"script-src 'unsafe-inline' 'wasm-unsafe-eval'", "worker-src blob:"}, sheet)
	return pages.ExecuteTemplate(w, "page.html", map[string]string{
		"Head": head, "Facts": string(facts), "Loader": p.loader, "Wasm": base64.StdEncoding.EncodeToString(p.wasm),
		"Command": p.Command,
	})
}
