package main

import (
	"fmt"

	"github.com/bitstep-go/bitstep"
)

func main() {
	fmt.Println(bitstep.Active(), "of", bitstep.Backends())
}
