package main

// snippet

func main() {
	want := gonumblas.Implementation{}
	if blas64.Implementation() != want || blas32.Implementation() != want {
		panic("gonum computes with another implementation")
	}
}
