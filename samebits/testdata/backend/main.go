// Command backend prints its arguments and what is forced: another line for each backend.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println(os.Args[1:])
	fmt.Println(os.Getenv("BITSTEP"))
}
