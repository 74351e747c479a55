// Package prove proves that functions of the checked-in assembly do what the rows of kernels/table say, for all
// lengths and all values. Tests and tools use it; users' packages do not.
//
// It reads the text of the .s files, not what the generator had in mind, and executes each function symbolically: a
// lane of a vector register is a tree of exact IEEE operations on elements of memory, a general register a linear form
// of unknown integers. The semantics of an instruction is one line of a table. Trees are made once each, so that two
// are equal if they are the same; an operation on numbers is a number, and so the same table is an interpreter, which
// runs AVX-512 and NEON on any machine. Instructions of arm64 that the text has as numbers are decoded; no comment is
// read.
//
// # What is proven
//
// Of each function of a covered class ([Covered]), for all n, all elements and all coefficients:
//
//   - Every element that is stored is, operation for operation, the tree of the row's last line for its
//     operand, on the same element of the operands before the call. Operands of a sum or a product may be
//     commuted; nothing else may.
//   - Each element of each written operand is stored exactly once, and nothing else is written; but that a step whose
//     groups wait for roots first stores x as its Prelude makes it.
//   - Every read is of one of the n elements, and gives what is there then; of a scalar, of read-only data, or of what
//     the function has written to its frame. A masked lane reads nothing.
//   - Of a step of many tensors that is so of each tensor, in order, and of the headers of their slices.
//   - Of a reduction, that its lanes are those of rule 7, each the chain of its elements by the row's line from +0 or
//     from the lane that was given, and its result their fold by halves; given lanes are stored once each. Of the
//     largest magnitude a lane is the largest of a set, in whatever order, by however many lanes that are joined.
//   - A root by fma is the tree of internal/roots' form, operation for operation, from the instruction's estimate,
//     and stands for the square root on those paths alone on which the form's guard, with its number, has let it
//     pass. On the others the square root is taken again. A group that waits in registers is the same of each turn,
//     of elements further on.
//   - A Prelude's code makes of x and g what the lines of its Use say and changes nothing but its two
//     registers; every table of such code has the functions of their Uses; a step calls the table of its type,
//     instruction set and number of vectors, with the scalars' address where the code wants it, if and only if
//     the Use is not zero.
//   - SP and BP stay, upper halves of vector registers are clean at the return, and no instruction needs a
//     feature that detect_amd64.go does not check. Of arm64 no text names SP or a register of the platform, the
//     assembler, the goroutine, frames or returns; every processor has the instructions.
//
// For all n means induction: what one turn of a loop changes suggests an invariant, in which registers stay, or step
// by the same amount at each turn, or are unknown; the state that is so after k turns, k unknown, is executed for one
// turn, and what comes back to the loop's head must be that of k+1 turns. What has been stored by then is the
// elements below a linear form. A loop around others that has no invariant, as a pipeline that fills and drains, is
// followed turn after turn, if these are few. A loop ends, since what bounds its number of turns is known before the
// first. A tail is executed for each number of elements that there can be left.
//
// # What is assumed
//
//   - The semantics of the instructions in the table. TestHardware executes every form of them that proven functions
//     have on numbers at the edges, where the machine has AVX-512, and TestArchHardware those of arm64, on one or under
//     an emulator; the interpreter gives the definitions' bits. What numbers of instructions mean x/arch says, too.
//     Rounding is to nearest even, without flush to zero. NaN are one, by rule 2 of the contract.
//   - The lemmas, each of which a test compares on numbers of all kinds: two ways to make a sign, the exponential
//     without branches, and a power of two as a product of two.
//   - The theorem of docs/exact-sqrt.md, for the forms that ship: a root by fma that the guard lets pass is the
//     square root, whatever the estimate is within the bound that its architecture documents. TestHardware, and
//     TestArchEstimates of internal/roots, hold processors against those bounds; that a NaN that x86 makes has a sign
//     belongs to them. Of float32 by AVX2 it is not the theorem for 17 numbers alone, which package bitstep tries at
//     start.
//   - Lanes that a reduction is given are those of an earlier call, so that of a sum none is -0: adding the +0 of a
//     masked lane changes none, and that of a largest magnitude none has a sign. (Of fma one may be
//     -0: a small negative product rounds to it.)
//   - What package bitstep checks before a call: n is not negative, operands have n elements, and written ones
//     overlap no other (rule 13); that of operands of bytes n is a multiple of a vector's lanes; that the
//     slices of a tensor are as long as that of x. An address does not wrap, and no length is above 2^47.
//   - That kernels' definitions are the rows' lines. Other tests compare them.
//
// # What is not yet
//
// Steps of narrow states; products; conversions; the packages that have assembly of their own ([NotYet]). A test
// lists the classes and files: a function that is of none fails.
//
// # That it notices
//
// TestMutants changes one instruction of the functions' text, in all the ways that it lists: another operation,
// register, offset, number or condition, swapped operands, none. The proof fails for each, or there is a reason why
// the mutant does the same, which the test knows and prints. Some thousand mutants are tried; -mutants=1 tries
// all, -mutants=31 more than ten thousand.
//
//	go test ./internal/prove -run EveryFunction -report /tmp/report.txt
//	go test ./internal/prove -run Mutants -v -mutants=31 -timeout 1h
package prove
