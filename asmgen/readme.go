package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/bitstep-go/bitstep/kernels/table"
)

// The marks between which README.md's table of kernels stands.
const (
	readmeStart = "<!-- kernels: generated from kernels/table/table.go by go generate -->\n"
	readmeEnd   = "<!-- end of kernels -->\n"
)

// readme returns README.md with the table of kernels as it should be.
func readme(text []byte) ([]byte, error) {
	before, rest, found := bytes.Cut(text, []byte(readmeStart))
	_, after, closed := bytes.Cut(rest, []byte(readmeEnd))
	if !found || !closed {
		return nil, errors.New("README.md lacks the marks of the table of kernels")
	}
	var b bytes.Buffer
	b.Write(before)
	b.WriteString(readmeStart + "\n| kernel | operands | definition per element |\n|---|---|---|\n")
	for _, row := range table.Rows {
		var ops []string
		for _, o := range row.Operands {
			if o.Write {
				o.Name = "**" + o.Name + "**"
			}
			if o.Storage == table.Byte {
				o.Name += " (uint8)"
			}
			ops = append(ops, o.Name)
		}
		lines := strings.ReplaceAll(strings.Join(row.Lines, " ; "), "|", "\\|")
		fmt.Fprintf(&b, "| %s | %s | `%s` |\n", row.Name, strings.Join(ops, " "), lines)
	}
	b.WriteString("\nOperands in bold are written.\n\n" + readmeEnd)
	b.Write(after)
	return b.Bytes(), nil
}
