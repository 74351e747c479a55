package checkpoint

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nlpodyssey/safetensors"
)

// An independent implementation of the format reads our files, with the values that were put.
func TestReadByOther(t *testing.T) {
	c := sample()
	path := filepath.Join(t.TempDir(), "ours.safetensors")
	if err := c.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := safetensors.Deserialize(file)
	if err != nil {
		t.Fatal(err)
	}
	if other.Len() != len(c.tensors) {
		t.Errorf("it reads %d tensors, want %d", other.Len(), len(c.tensors))
	}
	for _, name := range c.Names() {
		want := c.tensors[name]
		got, ok := other.Tensor(name)
		if !ok {
			t.Errorf("it finds no %q", name)
			continue
		}
		shape := make([]int, len(got.Shape()))
		for i, d := range got.Shape() {
			shape[i] = int(d)
		}
		if got.DType().String() != want.DType || !slices.Equal(shape, want.Shape) ||
			!bytes.Equal(got.Data(), want.Data) {
			t.Errorf("%q: it reads %v %v % x, want %v", name, got.DType(), got.Shape(), got.Data(), want)
		}
	}
	_, head, err := safetensors.ReadMetadata(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range c.MetaKeys() {
		if got := head.Metadata()[key]; got != c.meta[key] {
			t.Errorf("it reads metadata %q = %q, want %q", key, got, c.meta[key])
		}
	}
}

// Files that it writes are read here, and written again as tensors in the same order.
func TestReadTensorsOfOther(t *testing.T) {
	c := sample()
	delete(c.tensors, "a") // it reads tensors without dimensions but does not make them
	c.PutTensor("half", Tensor{"BF16", []int{1, 3, 1}, []byte{1, 2, 3, 4, 5, 6}})
	c.PutTensor("flag", Tensor{"BOOL", []int{2}, []byte{0, 1}})
	views := map[string]safetensors.TensorView{}
	for name, tensor := range c.tensors {
		dtype, err := safetensors.ParseDType(tensor.DType)
		if err != nil {
			t.Fatal(err)
		}
		shape := make([]uint64, len(tensor.Shape))
		for i, d := range tensor.Shape {
			shape[i] = uint64(d)
		}
		if views[name], err = safetensors.NewTensorView(dtype, shape, tensor.Data); err != nil {
			t.Fatal(err)
		}
	}
	file, err := safetensors.Serialize(views, c.meta)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "other.safetensors")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	back, err := ReadTensors(path)
	if err != nil {
		t.Fatal(err)
	}
	if !equalCheckpoints(c, back) {
		t.Errorf("read %v, want %v", back, c)
	}
	ours := encode(t, back)
	size := 0
	for _, tensor := range c.tensors {
		size += len(tensor.Data)
	}
	if !bytes.Equal(ours[len(ours)-size:], file[len(file)-size:]) {
		t.Error("the tensors are in another order")
	}
}
