package linear

import (
	"bytes"
	"context"
	"testing"

	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// trained is the checkpoint of a trainer in the middle of its second epoch.
func trained(t testing.TB) *checkpoint.File {
	x := trainer(t, quick(), tiny[float32]())
	for range 4 {
		if _, err := x.Step(); err != nil {
			t.Fatal(err)
		}
	}
	return x.snapshot()
}

// Whatever is in a checkpoint, resuming from it returns an error and changes nothing, or succeeds and leaves
// a trainer that can go on. The checksum of a file would hide most of this, so that checkpoints are changed
// before they are written: an entry of the metadata or a tensor is replaced, or taken away.
func FuzzResume(f *testing.F) {
	good := trained(f)
	for i, key := range good.MetaKeys() {
		value, _ := good.Meta(key)
		for _, v := range []string{value, "", "0", "-1", "18446744073709551615", "NaN", "0x1p-1074", value + "0"} {
			f.Add(uint8(i), v, []byte(nil), uint8(255), 0, 0, false)
		}
	}
	for i := range good.Names() {
		f.Add(uint8(255), "", []byte{0, 0, 0xc0, 0x7f, 1, 2, 3, 4}, uint8(i), 1, 2, false)
		f.Add(uint8(255), "", make([]byte, 40), uint8(i), 1, 5, true)
		f.Add(uint8(255), "", []byte{}, uint8(i), 0, 1<<30, true)
	}
	f.Fuzz(func(t *testing.T, key uint8, value string, data []byte, name uint8, rows, cols int, wide bool) {
		c := checkpoint.New()
		for i, k := range good.MetaKeys() {
			v, _ := good.Meta(k)
			if i == int(key) {
				if v = value; v == "" {
					continue
				}
			}
			c.SetMeta(k, v)
		}
		for i, n := range good.Names() {
			tensor, _ := good.Tensor(n)
			if i == int(name) {
				tensor = checkpoint.Tensor{DType: "F32", Shape: []int{rows, cols}, Data: bytes.Clone(data)}
				if wide {
					tensor.DType = "F64"
				}
				if len(data) == 0 && rows < 0 {
					continue
				}
			}
			c.PutTensor(n, tensor)
		}
		var file bytes.Buffer
		if c.Encode(&file) != nil {
			return // not a checkpoint at all
		}
		read, err := checkpoint.Decode(&file, int64(file.Len()))
		if err != nil {
			t.Fatal(err)
		}
		loadModel[float32](read, "")
		loadModel[float32](read, bestTensor)
		x := trainer(t, quick(), tiny[float32]())
		before := state(t, x)
		if err := x.restore(read); err != nil {
			if state(t, x) != before {
				t.Errorf("after the error %v the trainer has changed", err)
			}
			return
		}
		if _, err := x.Run(context.Background()); err != nil && x.failed == nil {
			t.Errorf("running on: %v", err)
		}
	})
}
