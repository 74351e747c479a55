// Command asmgen generates bitstep's assembly, its dispatch, its coefficient structs and its public functions
// from the table in package kernels/table. Run it with go generate ./... from the top of the module.
//
// A row's lines are parsed (internal/program) and written in the operations of a [Machine] (steps.go,
// reductions.go); micro-kernels of products are programs in Go (gemm.go). A file for each instruction set spells
// the operations, and a row of [isas] names it; avo assigns the registers and prints. The Go files come from
// templates (go_*.go).
//
//	go run ./asmgen            writes the generated files below the present folder
//	go run ./asmgen -backends  lists the instruction sets: name, GOARCH
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// constraint is the build constraint of all assembly.
const constraint = "!purego,!noasm"

func main() {
	backends := flag.Bool("backends", false, "list the instruction sets, a name and a GOARCH a line, and write nothing")
	flag.Parse()
	if *backends {
		for _, s := range isas {
			fmt.Println(s.Name, s.Arch)
		}
		return
	}
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, "asmgen:", err)
		os.Exit(1)
	}
}

// write generates all files, and only then writes any.
func write(root string) error {
	files, err := generate(root)
	if err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
