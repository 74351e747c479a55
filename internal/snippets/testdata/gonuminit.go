package main

// snippet

func main() {
	if blas64.Implementation() != (gonumblas.Implementation{}) || blas32.Implementation() != (gonumblas.Implementation{}) {
		panic("gonum computes with another implementation")
	}
}
