package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/internal/rows"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// A subject is what is compared with the definitions: a backend.
type subject[T kernels.Float] struct {
	name string
	on   func(threads int, pool *bitstep.Pool) rows.Runner[T]
}

func backend[T kernels.Float](b bitstep.Backend) subject[T] {
	return subject[T]{b.String(), func(threads int, pool *bitstep.Pool) rows.Runner[T] {
		return rows.On(bitstep.On[T](b).Threads(threads).Pool(pool))
	}}
}

// A verifier compares calls of subjects with those of the definitions, and hashes what these give.
type verifier[T kernels.Float] struct {
	subjects []subject[T]
	define   rows.Runner[T]
	stop     func() error  // not nil if it is time to
	pool     *bitstep.Pool // for calls on several threads
	sum      hash.Hash
	calls    int
	buffer   []byte

	in, want, got []room[T]
	tensors       [][]room[T] // of steps of several
}

func newVerifier[T kernels.Float](subjects []subject[T], stop func() error, pool *bitstep.Pool) *verifier[T] {
	return &verifier[T]{subjects: subjects, define: rows.Definitions[T](), stop: stop, pool: pool, sum: sha256.New(),
		in: rooms[T](), want: rooms[T](), got: rooms[T]()}
}

// rooms returns as many as the operands of any kernel need: the table's, and a product's three.
func rooms[T kernels.Float]() []room[T] {
	return make([]room[T], max(3, rows.MostOperands()))
}

// add hashes a result: its length and its bits, little-endian, every NaN the same (rule 12 of the contract).
func (v *verifier[T]) add(result []T) {
	v.buffer = binary.LittleEndian.AppendUint64(v.buffer[:0], uint64(len(result)))
	v.buffer = num.AppendBits(v.buffer, result...)
	v.sum.Write(v.buffer)
}

// A room is memory for an operand, which is used in call after call. Around operands are sentinels.
type room[T kernels.Float] struct {
	elements []T
	bytes    []uint8
}

const (
	margin          = 32 // elements on both sides of an operand
	offsets         = 17 // to which operands come: every alignment, in elements, to the longest vectors
	sentinel        = -12345.5
	sentinelByte    = 0xa5
	sentinelMessage = "untouched"
)

// place returns n elements at an offset.
func (r *room[T]) place(s table.Storage, n, offset int) any {
	if s == table.Byte {
		return place(&r.bytes, n, offset)
	}
	return place(&r.elements, n, offset)
}

func place[E any](memory *[]E, n, offset int) []E {
	if need := margin + offsets + n + margin; len(*memory) < need {
		*memory = make([]E, need+need/4)
	}
	return (*memory)[margin+offset:][:n:n]
}

// copied returns a copy of an operand at an offset, with sentinels around.
func (r *room[T]) copied(op any, offset int) any {
	switch op := op.(type) {
	case []T:
		return copied(&r.elements, op, offset, sentinel)
	case []uint8:
		return copied(&r.bytes, op, offset, sentinelByte)
	}
	panic("verify: an operand of another type")
}

// filled returns n sentinels at an offset, with more around.
func (r *room[T]) filled(n, offset int) []T {
	to := place(&r.elements, n, offset)
	for i := range r.elements[offset:][:margin+n+margin] {
		r.elements[offset+i] = sentinel
	}
	return to
}

func copied[E any](memory *[]E, op []E, offset int, sentinel E) []E {
	to := place(memory, len(op), offset)
	copy(to, op)
	for i := range margin {
		(*memory)[offset+i], (*memory)[offset+margin+len(op)+i] = sentinel, sentinel
	}
	return to
}

// copies returns copies of operands, each at its offset.
func copies[T kernels.Float](rooms []room[T], op []any, at layout) []any {
	c := make([]any, len(op))
	for i := range op {
		c[i] = rooms[i].copied(op[i], at.offset(i))
	}
	return c
}

// A layout is where operands come to: the first at one offset, each other a step further than the one before it.
type layout struct{ first, step int }

func (l layout) offset(operand int) int { return (l.first + operand*l.step) % offsets }

// layouts are those in which a subject makes a call: all operands at one offset, and each at another, so that in as
// many calls as there are pairs of offsets, any two operands meet in every pair. One is enough of a single operand, and
// in pure Go, which knows no alignment; but on several threads there are two: helpers are awake in the second.
func layouts(subject string, call, operands, threads int) []layout {
	together, apart := layout{first: call}, layout{call + call/offsets, call}
	if threads <= 1 && (operands == 1 || subject == bitstep.Go.String()) {
		return []layout{together}
	}
	return []layout{together, apart}
}

// shifted is where the operands of another tensor come to.
func (l layout) shifted(tensor int) layout { return layout{l.first + tensor, l.step} }

// tell names the offsets of so many operands in the case of a mismatch.
func (l layout) tell(operands int) string {
	var at []int
	for i := range operands {
		at = append(at, l.offset(i))
	}
	return fmt.Sprintf("operands at offsets %v", at)
}

// differs returns the first index at which an operand in a room is not what it has to be, and both values as text. The
// index is negative, or the length or more, if what is around it was written.
func (r *room[T]) differs(got, want any, offset int) (i int, g, w string, yes bool) {
	switch want := want.(type) {
	case []T:
		got := got.([]T)
		if !bytes.Equal(memoryOf(got), memoryOf(want)) {
			if i = edge.Differ(got, want); i >= 0 { // not if it is the bits of NaN
				return i, value(got[i]), value(want[i]), true
			}
		}
		if i, yes = written(r.elements, len(want), offset, sentinel); yes {
			return i, value(r.elements[margin+offset+i]), sentinelMessage, true
		}
	case []uint8:
		got := got.([]uint8)
		for i := range want {
			if got[i] != want[i] {
				return i, byteValue(got[i]), byteValue(want[i]), true
			}
		}
		if i, yes = written(r.bytes, len(want), offset, sentinelByte); yes {
			return i, byteValue(r.bytes[margin+offset+i]), sentinelMessage, true
		}
	}
	return 0, "", "", false
}

// written returns the first index around an operand of n elements that has no sentinel.
func written[E comparable](memory []E, n, offset int, sentinel E) (i int, yes bool) {
	for i := range margin {
		if memory[offset+i] != sentinel {
			return i - margin, true
		}
	}
	for i := range margin {
		if memory[offset+margin+n+i] != sentinel {
			return n + i, true
		}
	}
	return 0, false
}

// memoryOf is the memory of s.
func memoryOf[T kernels.Float](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(T(0))))
}
