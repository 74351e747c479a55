package dataset

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/internal/testfile"
)

var updateSynthetic = flag.Bool("update-synthetic", false, "write the synthetic set of testdata from the generator")

// smallSet is the set in testdata.
var smallSet = Synthetic{Seed: 1, Train: 300, Test: 120}

// The generator makes the bytes of testdata, on every architecture.
func TestArchSynthetic(t *testing.T) {
	if *updateSynthetic {
		if err := smallSet.WriteCIFAR10(testfile.Path(t, testfile.CIFAR10)); err != nil {
			t.Fatal(err)
		}
		t.Skip("written: run again without the flag")
	}
	train, test, err := LoadCIFAR10(testfile.Path(t, testfile.CIFAR10))
	if err != nil {
		t.Fatal(err)
	}
	wantTrain, wantTest, err := smallSet.Images(0)
	if err != nil {
		t.Fatal(err)
	}
	if !equalSets(train, wantTrain) || !equalSets(test, wantTest) {
		t.Error("the generator makes another set than testdata has")
	}
	// Far from the beginning, and with another seed.
	h := sha256.New()
	p := newPainter(1<<63, testPart)
	image := make([]uint8, ImageBytes)
	for _, i := range []int{0, 9, 10, 12345, 1<<31 - 1} {
		h.Write([]byte{p.example(i, image)})
		h.Write(image)
	}
	const want = "cb1d6e76defa6ed242d9df35086eee51cb1cd2cf799f0321a8ead4f161c8e502"
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

// An example does not depend on how many there are, nor on threads; seeds and parts differ; of every ten
// there is one of each class.
func TestSyntheticExamples(t *testing.T) {
	train, test, err := Synthetic{Seed: 7, Train: 120, Test: 70}.Images(1)
	if err != nil {
		t.Fatal(err)
	}
	more, _, err := Synthetic{Seed: 7, Train: 333, Test: 1}.Images(3)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := Synthetic{Seed: 8, Train: 120, Test: 1}.Images(2)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*Images{train, test, more, other} {
		if err := d.Check(); err != nil {
			t.Error(err)
		}
	}
	if !equalSets(train, more.Slice(0, 120)) {
		t.Error("examples depend on how many there are or on threads")
	}
	if bytes.Equal(train.Pixels[:70*ImageBytes], test.Pixels) || bytes.Equal(train.Pixels, other.Pixels) {
		t.Error("parts or seeds do not differ")
	}
	for lo := 0; lo < 120; lo += 10 {
		labels := slices.Sorted(slices.Values(train.Labels[lo : lo+10]))
		if !bytes.Equal(labels, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
			t.Errorf("examples %d to %d are of the classes %v", lo, lo+9, labels)
		}
	}
	seen := map[string]bool{}
	for i := range more.Len() {
		seen[string(more.Image(i))] = true
	}
	if len(seen) != more.Len() {
		t.Errorf("only %d of %d images differ", len(seen), more.Len())
	}
}

// Files are what the loader reads, have the sizes of the real set in proportion, and are replaced.
func TestWriteCIFAR10(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	for _, s := range []Synthetic{{Seed: 3, Train: 53, Test: 21}, {Seed: 4, Train: 5, Test: 1}} {
		if err := s.WriteCIFAR10(dir); err != nil {
			t.Fatal(err)
		}
		train, test, err := LoadCIFAR10(dir)
		if err != nil {
			t.Fatal(err)
		}
		wantTrain, wantTest, err := s.Images(0)
		if err != nil {
			t.Fatal(err)
		}
		if !equalSets(train, wantTrain) || !equalSets(test, wantTest) {
			t.Errorf("%+v: the files hold another set", s)
		}
		sum := 0
		for k, name := range layouts[CIFAR10].train {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			records := int(info.Size()) / 3073
			if info.Size()%3073 != 0 || records != s.Train/5 && records != s.Train/5+1 {
				t.Errorf("%s: %d bytes for a fifth of %d", name, info.Size(), s.Train)
			}
			if sum += records; sum != s.Train*(k+1)/5 {
				t.Errorf("%s ends with record %d", name, sum)
			}
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 7 {
			t.Errorf("%d files, want 7: %v", len(entries), err)
		}
	}
}

// The files of another set are left alone.
func TestWriteCIFAR10SparesOthers(t *testing.T) {
	for _, files := range []map[string]string{
		{"data_batch_4.bin": "precious"},
		{"batches.meta.txt": "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n",
			"test_batch.bin": "precious"},
		{"batches.meta.txt": ""},
	} {
		dir := t.TempDir()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		err := Synthetic{Train: 5, Test: 1}.WriteCIFAR10(dir)
		if err == nil || !strings.Contains(err.Error(), "of a set that is not synthetic") ||
			!strings.Contains(err.Error(), dir) {
			t.Errorf("%v: error %v", files, err)
		}
		for name, text := range files {
			if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != text {
				t.Errorf("%s is now %q: %v", name, got, err)
			}
		}
		if entries, _ := os.ReadDir(dir); len(entries) != len(files) {
			t.Errorf("%d files, want %d", len(entries), len(files))
		}
	}
}

func TestSyntheticErrors(t *testing.T) {
	for _, c := range []struct {
		s    Synthetic
		want string
	}{
		{Synthetic{Train: 4}, "dataset: Synthetic: Train = 4, want at least 5, or 0 for 50,000"},
		{Synthetic{Train: -1}, "dataset: Synthetic: Train = -1, want at least 5, or 0 for 50,000"},
		{Synthetic{Test: -1}, "dataset: Synthetic: Test = -1, want at least 1, or 0 for 10,000"},
	} {
		if _, _, err := c.s.Images(0); err == nil || err.Error() != c.want {
			t.Errorf("Images: %v, want %s", err, c.want)
		}
		dir := filepath.Join(t.TempDir(), "none")
		if err := c.s.WriteCIFAR10(dir); err == nil || err.Error() != c.want {
			t.Errorf("WriteCIFAR10: %v, want %s", err, c.want)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Error("an error left a folder")
		}
	}
	// A folder that cannot be one.
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (Synthetic{Train: 5, Test: 1}).WriteCIFAR10(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file as folder: %v", err)
	}
}

func TestSyntheticSizes(t *testing.T) {
	train, test, err := Synthetic{}.sizes()
	if train != 50000 || test != 10000 || err != nil {
		t.Errorf("%d, %d, %v", train, test, err)
	}
	for _, total := range []int{5, 7, 50000, 1<<31 - 1} {
		if share(total, 0, 5) != 0 || share(total, 5, 5) != total {
			t.Errorf("shares of %d do not end there", total)
		}
		for k := range 5 {
			if got, want := share(total, k, 5), int(int64(total)*int64(k)/5); got != want {
				t.Errorf("share(%d, %d, 5) = %d, want %d", total, k, got, want)
			}
		}
	}
	names, err := os.ReadDir(testfile.Path(t, testfile.CIFAR10))
	if len(names) != 7 || err != nil {
		t.Errorf("testdata has %v, want seven files: %v", names, err)
	}
}

// Every shape has an inside at its centre or near it and an outside, and no two are alike.
func TestShapes(t *testing.T) {
	seen := map[string]string{}
	for _, s := range shapes {
		var outline []byte
		filled := 0
		for v := -200; v <= 200; v += 10 {
			for u := -200; u <= 200; u += 10 {
				in := inside(s.edge(u, v, 128))
				outline = append(outline, byte(in))
				if in > 8 {
					filled++
				}
				if max(abs(u), abs(v)) > 180 && in != 0 {
					t.Errorf("%s reaches (%d, %d)", s.name, u, v)
				}
			}
		}
		if filled < 100 || filled > 800 {
			t.Errorf("%s covers %d of 1681 places", s.name, filled)
		}
		if other := seen[string(outline)]; other != "" {
			t.Errorf("%s is %s", s.name, other)
		}
		seen[string(outline)] = s.name
	}
}

// Primary and secondary colours have their hues; grey and black come from saturation and brightness.
func TestColour(t *testing.T) {
	for _, c := range []struct {
		hue, saturation, brightness int
		want                        rgb
	}{
		{0, 256, 256, rgb{255, 0, 0}}, {256, 256, 256, rgb{255, 255, 0}}, {512, 256, 256, rgb{0, 255, 0}},
		{768, 256, 256, rgb{0, 255, 255}}, {1024, 256, 256, rgb{0, 0, 255}}, {1280, 256, 256, rgb{255, 0, 255}},
		{1408, 256, 256, rgb{255, 0, 128}}, {128, 256, 256, rgb{255, 128, 0}},
		{700, 0, 100, rgb{100, 100, 100}}, {700, 256, 0, rgb{}}, {512, 128, 200, rgb{100, 200, 100}},
	} {
		if got := colour(c.hue, c.saturation, c.brightness); got != c.want {
			t.Errorf("colour(%d, %d, %d) = %v, want %v", c.hue, c.saturation, c.brightness, got, c.want)
		}
	}
}
