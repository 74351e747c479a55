// Package verify finds out whether the backends of this machine give the bits of the definitions, and those the bits
// that they gave on other machines.
//
// # What is compared
//
// A part is a kernel in a type: a row of the table, a product in one form, or AllFinite. Its inputs are the same on
// every machine. Each call is made by the definition and by every backend, and all of the operands, what lies around
// them, and the result have to be the same, bit for bit, every NaN being one. A kernel of the table is called
//
//   - with each length to 200, and around where pipelines begin, at every alignment, on random numbers with edges of
//     the formats among them, in all uses of a prelude;
//   - on edges alone, each at every position of a group of vectors, each pair of two operands' together;
//   - on one edge among ordinary numbers, at every position;
//   - on numbers whose roots lie nearest to the middle of two floats, if it takes roots;
//   - with lengths around a call of assembly, and with one, two and three threads;
//   - if it is a step, for several tensors at once.
//
// Products come in shapes around all tiles and around the borders of rules 7 and 8, with leading dimensions, factors
// and threads. All of that is in sets.go and products.go.
//
// # The digest
//
// The digest of a part is the SHA-256 of what its calls give, in their order: for each operand that is written, in the
// order of the arguments, the number of elements as 8 bytes and then the elements, all of it little-endian, NaN being
// 0x7fc00000 or 0x7ff8000000000000 (rule 12 of the contract). A reduction gives one element, a product the rows of C,
// each for itself, AllFinite a byte, 1 or 0. Results that are equal have one digest, so it is that of the definition
// and of every backend.
//
// The digest of all is the SHA-256 of lines "KERNEL TYPE DIGEST", one a part, each with its end, in the order of
// testdata/verify.txt: it is the SHA-256 of that file. A machine that is wrong in the same way everywhere, in its
// definitions too, gives another one, and is told which part differs. The file is made by
//
//	go test ./bench/internal/verify -run TestList -update-golden && go generate ./...
//
// The digest of the exhaustive parts is made of their lines in the same way, "WHAT DIGEST". It is one of its own, since
// few runs have them, and no list has it.
//
// Then what users make of kernels is compared with the other lists of testdata, on every backend: results of kernels on
// other inputs, trajectories of optimizers, minimizations and trained classifiers.
//
// # The first mismatch
//
// The first element that differs is the first in the order of parts, then of calls, then of backends, then of operands,
// and does not depend on how many goroutines verify.
package verify
