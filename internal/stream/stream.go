// Package stream names the random streams of a run: each use of randomness has one of its own, so that more
// draws in one place never change what is drawn in another.
package stream

import "encoding/binary"

// Seed returns the ChaCha8 seed of the stream of a use (a name of at most 15 bytes) and a pair of numbers.
// ChaCha8 makes unrelated streams of seeds that are alike.
func Seed(use string, a, b uint64) (seed [32]byte) {
	binary.LittleEndian.PutUint64(seed[0:], a)
	binary.LittleEndian.PutUint64(seed[8:], b)
	copy(seed[16:31], use)
	return seed
}
