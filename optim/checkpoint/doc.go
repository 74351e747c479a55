// Package checkpoint reads and writes the files from which training resumes: named tensors and strings in the
// safetensors format, which other programs read too.
//
//	c := checkpoint.New()
//	checkpoint.Put(c, "weights", []int{10, 3073}, w)
//	c.SetMetaUint("epoch", 12)
//	if err := c.WriteFile("run.safetensors"); err != nil { // the old file or the new one, whatever happens
//		log.Fatal(err)
//	}
//
//	c, err := checkpoint.Read("run.safetensors") // every byte is checked
//	if err != nil {
//		log.Fatal(err)
//	}
//	w, err := checkpoint.Get[float32](c, "weights", []int{10, 3073})
//
// Optimizers, schedules, samplers and trainers each add to a [File] what they must remember, under names of their
// own. [Replace] is the atomic writing alone, for files of any kind.
package checkpoint
