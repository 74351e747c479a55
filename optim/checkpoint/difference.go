package checkpoint

import (
	"bytes"
	"fmt"
	"slices"
)

// Difference says what is different in d: the first key of the metadata, but for the checksum, or the first element of
// the first tensor, with both values, and how many elements of that tensor are different. Of equal files it is empty.
func (c *File) Difference(d *File) string {
	for _, key := range union(c.MetaKeys(), d.MetaKeys()) {
		a, inC := c.Meta(key)
		b, inD := d.Meta(key)
		switch {
		case key == checksumKey:
		case !inC || !inD:
			return fmt.Sprintf("metadata %s: there: %v, %v", key, inC, inD)
		case a != b:
			return fmt.Sprintf("metadata %s: %s, %s", key, a, b)
		}
	}
	for _, name := range union(c.Names(), d.Names()) {
		a, inC := c.Tensor(name)
		b, inD := d.Tensor(name)
		switch {
		case !inC || !inD:
			return fmt.Sprintf("tensor %s: there: %v, %v", name, inC, inD)
		case a.DType != b.DType || !slices.Equal(a.Shape, b.Shape):
			return fmt.Sprintf("tensor %s: %s %v, %s %v", name, a.DType, a.Shape, b.DType, b.Shape)
		case !bytes.Equal(a.Data, b.Data):
			return fmt.Sprintf("tensor %s%s", name, differentElements(a, b))
		}
	}
	return ""
}

// differentElements tells of two tensors of one type and shape.
func differentElements(a, b Tensor) string {
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	size, first, count := len(a.Data)/n, -1, 0
	bits := func(t Tensor, i int) string { // most significant byte first
		e := slices.Clone(t.Data[i*size : (i+1)*size])
		slices.Reverse(e)
		return fmt.Sprintf("0x%x", e)
	}
	for i := range n {
		if !bytes.Equal(a.Data[i*size:(i+1)*size], b.Data[i*size:(i+1)*size]) {
			if first < 0 {
				first = i
			}
			count++
		}
	}
	at := make([]int, len(a.Shape))
	for k, rest := len(at)-1, first; k >= 0; k-- {
		at[k], rest = rest%a.Shape[k], rest/a.Shape[k]
	}
	return fmt.Sprintf("%v: %s, %s (%d of %d elements differ)", at, bits(a, first), bits(b, first), count, n)
}

// union returns the names of both, sorted.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
