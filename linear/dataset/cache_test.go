package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A cached set is made once, is this one whatever lies in its place, and is made again when a byte of it is wrong.
func TestCached(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "cache")
	s := Synthetic{Seed: 3, Train: 20, Test: 10}
	want, wantTest, err := s.Images(1)
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	load := func(why string, wantMade int) {
		t.Helper()
		train, test, err := s.Cached(dir, func() { made++ })
		if err != nil || !equalSets(train, want) || !equalSets(test, wantTest) || made != wantMade {
			t.Errorf("%s: made %d times, want %d, or another set: %v", why, made, wantMade, err)
		}
		if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
			t.Errorf("%s: %v beside the cache", why, left)
		}
	}
	load("at first", 1)
	load("again", 1)
	batch := filepath.Join(dir, "data_batch_2.bin")
	file, err := os.ReadFile(batch)
	if err != nil {
		t.Fatal(err)
	}
	file[100] ^= 1
	putFile(t, batch, file)
	load("a bit has changed", 2)
	if err := (Synthetic{Seed: 4, Train: 20, Test: 10}).WriteCIFAR10(dir); err != nil {
		t.Fatal(err)
	}
	load("another set is in its place", 3)
	if err := os.Remove(filepath.Join(dir, manifestName)); err != nil {
		t.Fatal(err)
	}
	load("without its digest", 4)
	if _, _, err := (Synthetic{Seed: 3, Train: 21, Test: 10}).Cached(dir, nil); err != nil {
		t.Error(err)
	}
	load("another size is in its place", 5)
	putFile(t, filepath.Join(dir, "thesis.txt"), []byte("precious"))
	if load("a file too many", 5); t.Failed() {
		return
	}
	os.Remove(batch)
	if _, _, err := s.Cached(dir, nil); err == nil || !strings.Contains(err.Error(), "thesis.txt: the file") {
		t.Errorf("a folder with a file of another kind: %v", err)
	}
}

// Callers that find nothing at the same time all get the set, and one copy is left.
func TestCachedAtOnce(t *testing.T) {
	s := Synthetic{Seed: 3, Train: 50, Test: 10}
	want, _, err := s.Images(1)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		dir := filepath.Join(t.TempDir(), "cache")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				train, _, err := s.Cached(dir, nil)
				if err != nil || !equalSets(train, want) {
					t.Errorf("another set: %v", err)
				}
			})
		}
		wg.Wait()
		if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
			t.Errorf("left %v", left)
		}
	}
}

// What a process has left that was killed a day ago is removed, and nothing else.
func TestCachedRemovesOld(t *testing.T) {
	parent := t.TempDir()
	s := Synthetic{Seed: 3, Train: 20, Test: 10}
	if _, _, err := s.Cached(filepath.Join(parent, "cache"), nil); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"making-synthetic-1/new/test_batch.bin", "making-synthetic-2/old0/test_batch.bin",
		"making-synthetic-3/new/test_batch.bin", "making-synthetic-4/thesis.txt", "making-synthetic-5",
		"making/new/test_batch.bin"} {
		f = filepath.Join(parent, f)
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
		putFile(t, f, nil)
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		age := 25 * time.Hour
		if e.Name() == "making-synthetic-3" {
			age = 23 * time.Hour
		}
		if err := os.Chtimes(filepath.Join(parent, e.Name()), time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.Cached(filepath.Join(parent, "cache"), func() { t.Error("made again") }); err != nil {
		t.Fatal(err)
	}
	var left []string
	if entries, err = os.ReadDir(parent); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	want := []string{"cache", "making", "making-synthetic-3", "making-synthetic-4", "making-synthetic-5"}
	if !slices.Equal(left, want) {
		t.Errorf("left %v, want %v", left, want)
	}
}

// The digest tells sets apart that differ in anything.
func TestDigest(t *testing.T) {
	seen := map[string]bool{}
	for _, change := range []func(d *Images){func(*Images) {}, func(d *Images) { d.Pixels[9]++ },
		func(d *Images) { d.Labels[1] ^= 1 }, func(d *Images) { d.Classes = numbers(11) },
		func(d *Images) { d.Coarse = []uint8{0, 0} }, func(d *Images) { d.CoarseClasses = numbers(1) }} {
		d := randomSet(2, 10, 1)
		change(d)
		seen[d.Digest()] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d digests of 6 sets", len(seen))
	}
}
