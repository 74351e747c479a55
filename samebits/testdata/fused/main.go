// Command fused has a product that feeds a sum: the compiler makes one operation of both, which rounds once, where
// there is an instruction for it.
package main

import (
	"fmt"
	"os"
)

func main() {
	one := float64(len(os.Args)) // no constant, which the compiler would compute with
	x, y := one+1./(1<<30), -one
	fmt.Printf("the same\n%b\n", x*x+y)
}
