// Command silent prints nothing, or fails if it has an argument.
package main

import "os"

func main() {
	if len(os.Args) > 1 {
		os.Exit(3)
	}
}
