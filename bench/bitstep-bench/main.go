// Command bitstep-bench is bench under a name that says what it is where it is installed:
//
//	go install github.com/bitstep-go/bitstep/bench/bitstep-bench@latest
package main

import (
	"os"

	"github.com/bitstep-go/bitstep/bench/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
