package checkpoint

import (
	"bytes"
	"runtime"
	"testing"
)

// allocated returns the memory that f took.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Whatever the bytes, reading does not panic and takes memory in proportion to them; what is read as tensors
// is written as a checkpoint that is read as the same.
func FuzzRead(f *testing.F) {
	for _, bad := range badFiles {
		f.Add(bad.file)
	}
	file := encode(f, sample())
	f.Add(file)
	var unsummed bytes.Buffer
	if err := sample().EncodeBare(&unsummed); err != nil {
		f.Fatal(err)
	}
	f.Add(unsummed.Bytes())
	f.Add(raw(`{"a":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}}`, 4))
	f.Fuzz(func(t *testing.T, file []byte) {
		var c *File
		for _, size := range []int64{-1, int64(len(file))} {
			var err error
			taken := allocated(func() { c, err = decode(bytes.NewReader(file), size, foreign) })
			if limit := uint64(32*len(file) + 1<<16); taken > limit {
				t.Errorf("reading %d bytes took %d, want at most %d", len(file), taken, limit)
			}
			if (c == nil) == (err == nil) {
				t.Fatal(c, err)
			}
			own, ownErr := Decode(bytes.NewReader(file), size)
			if own != nil && (c == nil || !equalCheckpoints(own, c) || ownErr != nil) {
				t.Errorf("%v as a checkpoint, %v as tensors: %v", own, c, ownErr)
			}
		}
		if plain, err := DecodeBare(file); plain != nil && (c != nil || err != nil) {
			t.Errorf("without a checksum %v, and %v as tensors: %v", plain, c, err)
		}
		if c == nil {
			return
		}
		var unsummed bytes.Buffer
		if err := c.EncodeBare(&unsummed); err != nil {
			t.Fatal(err)
		}
		if back, err := DecodeBare(unsummed.Bytes()); err != nil || !equalCheckpoints(c, back) {
			t.Errorf("read %v, wrote %v without a checksum: %v", c, back, err)
		}
		again := encode(t, c)
		back, err := Decode(bytes.NewReader(again), int64(len(again)))
		if err != nil {
			t.Fatal(err)
		}
		if !equalCheckpoints(c, back) {
			t.Errorf("read %v, wrote %v", c, back)
		}
		if !bytes.Equal(encode(t, back), again) {
			t.Error("equal checkpoints have different files")
		}
	})
}
