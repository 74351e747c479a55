package main

func main() {
	var sum float32
	x, y := []float32{1, 2}, []float32{3, 4}
	for i := range x {
		// snippet
	}
	if sum != 11 {
		panic(sum)
	}
}
