package dataset

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomSet returns a set of random bytes.
func randomSet(n, classes int, seed uint64) *Images {
	r := rand.New(rand.NewPCG(seed, 1))
	d := &Images{Pixels: make([]uint8, n*ImageBytes), Labels: make([]uint8, n), Classes: numbers(classes)}
	for i := range d.Pixels {
		d.Pixels[i] = uint8(r.Uint64())
	}
	for i := range d.Labels {
		d.Labels[i] = uint8(r.IntN(classes))
	}
	return d
}

func equalSets(a, b *Images) bool {
	return bytes.Equal(a.Pixels, b.Pixels) && bytes.Equal(a.Labels, b.Labels) && bytes.Equal(a.Coarse, b.Coarse) &&
		slices.Equal(a.Classes, b.Classes) && slices.Equal(a.CoarseClasses, b.CoarseClasses)
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		change func(d *Images)
		want   string
	}{
		{func(d *Images) {}, ""},
		{func(d *Images) { d.Labels, d.Pixels = nil, nil }, "dataset: Images has no examples, want at least 1"},
		{func(d *Images) { d.Pixels = d.Pixels[1:] },
			"dataset: Images: len(Pixels) = 15359, want 3072 bytes for each of 5 labels"},
		{func(d *Images) { d.Labels = d.Labels[1:] },
			"dataset: Images: len(Pixels) = 15360, want 3072 bytes for each of 4 labels"},
		{func(d *Images) { d.Labels[3] = 10 }, "dataset: Images: Labels[3] = 10, want less than the 10 classes"},
		{func(d *Images) { d.Classes = nil }, "dataset: Images: len(Classes) = 0, want 1 to 256"},
		{func(d *Images) { d.Classes = numbers(257) }, "dataset: Images: len(Classes) = 257, want 1 to 256"},
		{func(d *Images) { d.Coarse = make([]uint8, 4) }, "dataset: Images: len(Coarse) = 4, want 5 as of Labels"},
		{func(d *Images) { d.CoarseClasses = numbers(3) },
			"dataset: Images: len(Coarse) = 0, want 5 as of Labels"},
		{func(d *Images) { d.Coarse, d.CoarseClasses = []uint8{0, 1, 2, 2, 3}, numbers(3) },
			"dataset: Images: Coarse[4] = 3, want less than the 3 classes"},
	} {
		d := randomSet(5, 10, 1)
		c.change(d)
		got := ""
		if err := d.Check(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("Check: %q, want %q", got, c.want)
		}
	}
}

func TestSelectAndSlice(t *testing.T) {
	d := randomSet(9, 10, 2)
	d.Coarse, d.CoarseClasses = []uint8{0, 1, 2, 0, 1, 2, 0, 1, 2}, numbers(3)
	indices := []int{8, 0, 3, 3}
	s := d.Select(indices)
	for k, i := range indices {
		if !bytes.Equal(s.Image(k), d.Image(i)) || s.Labels[k] != d.Labels[i] || s.Coarse[k] != d.Coarse[i] {
			t.Errorf("example %d of the selection is not example %d", k, i)
		}
	}
	part := d.Slice(2, 5)
	if !equalSets(part, d.Select([]int{2, 3, 4})) {
		t.Error("the slice differs from the same examples selected")
	}
	if part.Pixels[0]++; part.Pixels[0] != d.Image(2)[0] {
		t.Error("the slice does not share memory")
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

// The parts of a split are disjoint, cover the set, keep its order, and depend on the seed.
func TestSplit(t *testing.T) {
	d := randomSet(100, 10, 3)
	for i := range d.Len() {
		d.Image(i)[0] = uint8(i)
	}
	var drawn [][]uint8
	for _, seed := range []uint64{0, 1, 0} {
		train, held, err := d.Split(30, seed)
		if err != nil {
			t.Fatal(err)
		}
		var seen [100]bool
		var ids []uint8
		for _, part := range []*Images{train, held} {
			last := -1
			for i := range part.Len() {
				id := part.Image(i)[0]
				if seen[id] || int(id) <= last || !bytes.Equal(part.Image(i), d.Image(int(id))) ||
					part.Labels[i] != d.Labels[id] {
					t.Fatalf("seed %d: example %d twice, out of order or changed", seed, id)
				}
				seen[id], last = true, int(id)
				ids = append(ids, id)
			}
		}
		if train.Len() != 70 || held.Len() != 30 {
			t.Errorf("parts of %d and %d, want 70 and 30", train.Len(), held.Len())
		}
		drawn = append(drawn, ids)
	}
	if bytes.Equal(drawn[0], drawn[1]) || !bytes.Equal(drawn[0], drawn[2]) {
		t.Error("a split does not follow its seed")
	}
	for _, bad := range []int{-1, 0, 100, 101} {
		if _, _, err := d.Split(bad, 0); err == nil {
			t.Errorf("a validation set of %d from 100 was accepted", bad)
		}
	}
}
