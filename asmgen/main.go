// Command asmgen generates bitstep's assembly, its dispatch and its public functions from the table in
// package kernels. Run it with go generate ./... from the top of the module.
//
// A program (steps.go, vectors.go, gemm.go) says once, in the operations of a [Machine], what a kernel
// computes. amd64.go and arm64.go spell those operations; avo assigns the registers and prints. The Go
// files come from templates (gofiles.go).
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// constraint is the build constraint of all assembly.
const constraint = "!purego,!noasm"

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	files, err := generate(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "asmgen:", err)
		os.Exit(1)
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, text, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "asmgen:", err)
			os.Exit(1)
		}
	}
}
