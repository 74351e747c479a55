// Package testfile finds the files of testdata that tests read.
package testfile

import (
	"os"
	"path/filepath"
	"testing"
)

// CIFAR10 is the folder of a small synthetic set in CIFAR-10's files: dataset.Synthetic with seed 1, 300
// training examples, 60 a file, and 120 test examples.
const CIFAR10 = "cifar-10-synthetic"

// Path returns where a file of testdata is, which stands beside go.mod: a test runs in its package's folder, be it
// under an emulator.
func Path(t testing.TB, name string) string {
	t.Helper()
	start, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "testdata", name)
		}
		if dir == filepath.Dir(dir) {
			t.Fatalf("no go.mod in %s nor above it: run tests in their package's folder", start)
		}
	}
}

// Read returns the text of a file of testdata.
func Read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
