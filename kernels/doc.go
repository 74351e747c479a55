// Package kernels holds the meaning of bitstep: one pure-Go definition of every kernel. The definition is the fallback
// on every machine, what assembly leaves to it, and the oracle of every test. Assembly is right when it returns these
// bits, and only then.
//
// # The numeric contract
//
// 1. Scope. Given equal input bits, hyperparameters and version of this module, results are equal bit
// for bit on every GOARCH, GOAMD64 level, set of CPU features, thread count and build flag. The
// contract assumes IEEE 754 binary32 and binary64, rounding to nearest even, and no flush-to-zero.
//
// 2. NaN. An element that is NaN in one execution is NaN in all. The sign and payload of a NaN are not
// part of the contract, because processors do not agree on them. Hashes and files replace every NaN by
// 0x7fc00000 or 0x7ff8000000000000.
//
// 3. Rounding. Every arithmetic operation rounds to the element type T (float32 or float64), in the
// written order. Every product that feeds an addition is written T(a*b): the Go compiler fuses x*y+z
// on arm64, ppc64, riscv64, s390x, loong64 and GOAMD64=v3, and only an explicit conversion prevents
// it. A check in CI disassembles the packages for those targets and finds no fused instruction outside
// the helpers that mean one.
//
// 4. Fused multiply-add is used only where a definition says fma: math.FMA for float64 and [FMA] for
// float32, which is exact; float32(float64(a)*float64(b)+float64(c)) is not, because it rounds twice.
// No complex types: their products cannot be kept from fusing.
//
// 5. Steps (the optimizers' element-wise updates) use no fma. They are bound by memory or by the
// divider, and so each line is what NumPy computes on float32 arrays.
//
// 6. Hyperparameters are float64. Each scalar derived from them (1-beta1, lr/(1-beta1^t), ...) is
// computed in float64, in the written order, and rounded once to T. beta^t is [PowInt]: binary
// powering, least significant bit of t first. A step depends on t alone, and therefore resumes.
//
// 7. Reductions along contiguous memory are striped over one 64-byte line of L = 64/sizeof(T) lanes:
// lane l takes elements l, l+L, l+2L, ... in ascending order, each with an fma from +0 (a plain sum
// uses an addition). The lanes are then folded by halves: lane l += lane l+L/2, then L/4, and so on.
// A short tail leaves the lanes that it does not reach unchanged. [Dot], [Sum], [SumAbs] and
// [SumSquares] of more than [ReduceChunk] elements are one such sum per chunk of ReduceChunk, the
// chunks' sums added in ascending order. A product is striped, each of its sums one such sum over the
// whole of k, if and only if both operands are contiguous along k and k is at least [StripedMin]: [Gemm]
// with A not transposed and B transposed, and [Gemv] without transposition (whose k is n).
//
// 8. Every other product, [Gemm] or [Gemv], runs k ascending, one chain of fma from +0 per element of the
// output inside a block of [GemmBlock] k. The blocks' sums are added in ascending order, the first one
// stored. For both rules the result is T(alpha*sum) + T(beta*c); with beta = 0, c is not read and the
// result is T(alpha*sum). [GemmContinue] is one chain per element from c instead of +0.
//
// Neither order depends on m, n, a leading dimension or the other rows and columns. So products are
// invariant of their batch: a row or a column of a product has the same bits whatever it is computed
// together with. Rows of X*W' are those of Gemv(W, x), rows of X*W those of transposed Gemv(W, x). Below
// StripedMin the lanes' fold costs more than the lanes gain.
//
// 9. Threads partition outputs, or the fixed chunks of rule 7, never a chain. No size depends on
// GOMAXPROCS or on the width of a vector.
//
// 10. From package math only Sqrt, FMA, Abs, Copysign, Floor, Ceil, Trunc, RoundToEven, Ldexp, Frexp,
// Inf, NaN and the bit casts are used. The others differ between machines: [Exp], [Log], [Cos], [Sin] and
// [PowInt] stand in for them, in float64, in a fixed order and with stated bounds on their errors.
//
// 11. Random numbers come from math/rand/v2's PCG or ChaCha8 through Uint64, Float64, IntN, Perm and
// Shuffle, whose results are the same everywhere; those of NormFloat64, ExpFloat64 and Int are not.
// [Normal] is normally distributed.
//
// 12. Hashes are SHA-256 over explicit little-endian bytes and 64-bit lengths, NaN canonical as in
// rule 2, -0 distinct from +0.
//
// 13. Written operands must not overlap any other operand: the result would depend on the width of a
// vector. Package bitstep checks this, and lengths, before anything is written. The definitions here
// check nothing beyond what Go does; call them through package bitstep unless you want the definition
// itself.
//
// 14. Storage is not arithmetic. An operand of a step may be stored in less than T, which is float32 then: as
// [BFloat16], as [Float16] (conversions alone) or in 8-bit blocks ([Blocks8]). A load widens exactly. All arithmetic,
// the Prelude's included, is that of the step in float32, on what was loaded; no line reads what a line has stored.
// After the last line each operand that was written is rounded to its storage. Before that every NaN becomes
// 0x7fc00000, -0 stays -0, and subnormal numbers are numbers as others. With u the 32 bits of a number:
//
//	nearest:    (u + 0x7fff + (u>>16 & 1)) >> 16, in 32 bits
//	stochastic: (u + r) >> 16, r the 16 random bits of rule 15
//
// is its bfloat16. So an infinity stays one, what rounds to beyond the largest number becomes infinite, and what is a
// bfloat16 stays what it is. Float16 rounds to nearest even as IEEE 754 says; NaN is 0x7e00.
//
// Stochastic are, unless [Rounding] says Nearest: x, and operands that are never negative or slow (marked so in the
// table), stored as bfloat16; and all in 8-bit blocks. All others round to nearest. Of the operands that are written
// the stochastic ones are numbered j = 0, 1, ... in the order of their row, whether Nearest is set or not.
//
// 15. Random bits are a function of a Rounding and of the index of an element in its tensor, i = Base + its place in
// the slice, which all wrap at 2^64. All arithmetic is of unsigned 64-bit or 32-bit integers, modulo 2^64 or 2^32.
//
//	mix64(z):  z = (z ^ z>>30) * 0xbf58476d1ce4e5b9; z = (z ^ z>>27) * 0x94d049bb133111eb; z ^ z>>31
//	z = Seed, and then for v = Step, Stream, i>>32, j>>1 in this order: z = mix64(z + 0x9e3779b97f4a7c15*(v+1))
//	k0, k1 = the low and the high 32 bits of z
//	w = k0 + 0x9e3779b9*c, c = the low 32 bits of i
//	w = (w ^ w>>16) * 0x7feb352d
//	w = (w ^ w>>15 ^ k1) * 0x846ca68b
//	w = w ^ w>>16
//	r = w & 0xffff for even j, w>>16 for odd j
//
// Nothing of it depends on the length of a vector, on chunks, threads or shards. A step of several tensors (Each) gives
// tensor n the stream Stream+n.
//
// 16. 8-bit blocks. Blocks are of 32 elements from the tensor's first on, the last one shorter; each has a scale byte e
// and a code byte for each element. Operands never negative are E5M3, all others E4M3. With s = 32 for E5M3 and 16 for
// E4M3, d = (e - (s-1)) << 23, and all arithmetic in 32 bits:
//
//	decode E4M3: f = code & 0x7f; 0 if f = 0, else the number of bits (f<<20) + d; with code's highest bit as its sign
//	decode E5M3: 0 if code = 0, else the number of bits (code<<20) + d
//
// To encode a block, every NaN becomes 0x7fc00000, and for E5M3 each number with a sign bit +0. With u the bits of a
// number without its sign, and M the largest u of the block:
//
//	e = max((M + 0xfffff) >> 23, s)
//	a = 0x7ffff + (u>>20 & 1) to nearest, r<<4 stochastically
//	q = (u + a - d) >> 20, of a signed integer, rounding down
//	E4M3: code = max(q, 0), and the sign in its highest bit
//	E5M3: code = max(q, 0), but at least 1 unless u = 0
//
// Memory of zeros is a block of zeros. An infinity or NaN makes e = 255, at which others of the block are hardly
// numbers: a gradient that is not finite should not reach a step. Threads and chunks take whole blocks; a shard begins
// with one.
//
// # Example
//
// A test's oracle for a step: what the assembly must give, bit for bit.
//
//	c := kernels.NewMomentum[float32](kernels.MomentumHyper{Rho: 0.9, LR: 0.1})
//	x, v, g := []float32{1, -2}, []float32{0, 0}, []float32{0.5, 4}
//	kernels.Momentum(x, v, g, &c) // v = [0.5 4], x = [0.95 -2.4]
package kernels
