package checkpoint_test

import (
	"math"
	"testing"

	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

func TestDifference(t *testing.T) {
	file := func(change func(c *checkpoint.File)) *checkpoint.File {
		c := checkpoint.New()
		c.SetMeta("a", "1")
		checkpoint.Put(c, "x", []int{2, 3}, []float32{0, 1, 2, 3, 4, 5})
		checkpoint.Put(c, "one", []int{}, []float64{1})
		checkpoint.Put(c, "none", []int{0, 3}, []float32{})
		change(c)
		if err := c.Err(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	same := func(*checkpoint.File) {}
	other := func(put func(c *checkpoint.File)) *checkpoint.File {
		c := checkpoint.New()
		put(c)
		return c
	}
	x := func(v ...float32) *checkpoint.File {
		return other(func(c *checkpoint.File) { checkpoint.Put(c, "x", []int{2, 3}, v) })
	}
	for _, c := range []struct {
		a, b *checkpoint.File
		want string
	}{
		{file(same), file(same), ""},
		{file(same), file(func(c *checkpoint.File) { c.SetMeta("a", "2") }), "metadata a: 1, 2"},
		{file(same), file(func(c *checkpoint.File) { c.SetMeta("A", "2") }), "metadata A: there: false, true"},
		{file(func(c *checkpoint.File) { checkpoint.Put(c, "y", nil, []uint8{1}) }), file(same),
			"tensor y: there: true, false"},
		{x(0, 1, 2, 3, 4, 5), x(0, 1, 2, 3, float32(math.Copysign(0, -1)), 6),
			"tensor x[1 1]: 0x40800000, 0x80000000 (2 of 6 elements differ)"},
		{file(same), x(0, 1, 2, 3, 4, 5), "metadata a: there: true, false"},
		{x(0, 1, 2, 3, 4, 5),
			other(func(c *checkpoint.File) { checkpoint.Put(c, "x", nil, []float32{0, 1, 2, 3, 4, 5}) }),
			"tensor x: F32 [2 3], F32 [6]"},
		{other(func(c *checkpoint.File) { checkpoint.Put(c, "one", []int{}, []float64{1}) }),
			other(func(c *checkpoint.File) { checkpoint.Put(c, "one", []int{}, []float64{2}) }),
			"tensor one[]: 0x3ff0000000000000, 0x4000000000000000 (1 of 1 elements differ)"},
	} {
		if got := c.a.Difference(c.b); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
