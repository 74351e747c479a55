package checkpoint_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// A checkpoint holds tensors and strings by name. The file is written at once and verified when it is read.
func ExampleFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "run.safetensors")

	c := checkpoint.New()
	checkpoint.Put(c, "weights", []int{2, 3}, []float32{1, 2, 3, 4, 5, 6})
	c.SetMetaUint("epoch", 12)
	c.SetMetaFloat("loss", 0.1)
	if err := c.WriteFile(path); err != nil {
		fmt.Println(err)
		return
	}

	c, err = checkpoint.Read(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := checkpoint.Get[float32](c, "weights", []int{2, 3})
	fmt.Println(w, err)
	epoch, err := c.MetaUint("epoch")
	fmt.Println(epoch, err)
	loss, err := c.MetaFloat("loss")
	fmt.Println(loss, err)

	// Output:
	// [1 2 3 4 5 6] <nil>
	// 12 <nil>
	// 0.1 <nil>
}
