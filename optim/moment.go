package optim

import (
	"fmt"
	"strings"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// A Storage is how the numbers of a state lie in memory.
type Storage uint8

const (
	// Full is the parameters' type.
	Full Storage = iota

	// BF16 is bfloat16, 2 bytes for each element of a state: a float32's exponent, and 7 bits of its fraction. States
	// that are never negative, such as means of squares, or move slowly by their defaults (~ in kernels/table), such as
	// the slow mean of AdEMAMix, round stochastically, others to nearest: a mean with beta then stays away from what it
	// is a mean of by up to 1/256/(1-beta) of itself, 4% for .9.
	BF16

	// Block8 is 8 bits for each element and a scale for each 32: 1.03 bytes. All round stochastically.
	Block8
)

var storageNames = [...]string{Full: "Full", BF16: "BF16", Block8: "Block8"}

// String returns the constant's name.
func (s Storage) String() string {
	if int(s) < len(storageNames) {
		return storageNames[s]
	}
	return fmt.Sprintf("Storage(%d)", uint8(s))
}

// Storages returns all.
func Storages() (all []Storage) {
	for i := range storageNames {
		all = append(all, Storage(i))
	}
	return all
}

// ParseStorage is the inverse of [Storage.String], in small or capital letters.
func ParseStorage(name string) (Storage, error) {
	for i, n := range storageNames {
		if strings.EqualFold(n, name) {
			return Storage(i), nil
		}
	}
	return Full, fmt.Errorf("optim: storage %q, want one of %v", name, storageNames)
}

// A Moment is a state of each parameter's size that the steps of [Update] read and write: stored as [Options] say.
type Moment[T kernels.Float] struct {
	group       *group[T]
	nonNegative bool
	whole       [][]T            // if Full
	part        []kernels.Stored // else
}

// Moment returns a state of each parameter's size, whose elements are first at the start, which the methods of
// [Update] take for one that may be negative. In a file it is as [State] has it: its elements are of type T,
// [kernels.BFloat16] or, in blocks, uint8; the scales of blocks, one dimension of uint8, are in a state of the same
// name and ".scales".
func (s *Setup[T]) Moment(name string, first float64) *Moment[T] {
	return newMoment(s, name, first, false)
}

// NonNegative is [Setup.Moment] for what is never negative by its meaning, such as a mean of squares.
func (s *Setup[T]) NonNegative(name string, first float64) *Moment[T] {
	return newMoment(s, name, first, true)
}

func newMoment[T kernels.Float](s *Setup[T], name string, first float64, nonNegative bool) *Moment[T] {
	m := &Moment[T]{group: s.group, nonNegative: nonNegative}
	s.group.moments = append(s.group.moments, m)
	same := func(shape []int) []int { return shape }
	switch s.group.storage {
	case Full:
		m.whole = State(s, name, T(first), same)
	case BF16:
		for _, x := range State(s, name, kernels.NearestBFloat16(float32(first)), same) {
			m.part = append(m.part, kernels.Stored{BFloat16: x})
		}
	case Block8:
		one := kernels.Blocks8{Codes: []uint8{0}, Scales: []uint8{0}}
		if first != 0 {
			kernels.EncodeBlocks(one, []float32{float32(first)}, !nonNegative, kernels.Rounding{Nearest: true})
		}
		codes := State(s, name, one.Codes[0], same)
		scales := State(s, name+".scales", one.Scales[0], func(shape []int) []int {
			n := 1
			for _, d := range shape {
				n *= d
			}
			return []int{kernels.Scales(n)}
		})
		for i := range codes {
			m.part = append(m.part, kernels.Stored{Block8: kernels.Blocks8{Codes: codes[i], Scales: scales[i]}})
		}
	}
	return m
}

// of checks that a step of the group may have m where its kernel wants a state that is or is not never negative.
func (m *Moment[T]) of(u *Update[T], nonNegative bool) {
	if m.group != u.group {
		panic("optim: a step has the Moment of another group")
	}
	if m.nonNegative != nonNegative {
		panic(fmt.Sprintf("optim: %s: a Moment whose elements are never negative: %v, want %v", u.group.spec.name,
			m.nonNegative, nonNegative))
	}
}

// full is the part of m that belongs to the parameters of u.
func (m *Moment[T]) full(u *Update[T], nonNegative bool) [][]T {
	m.of(u, nonNegative)
	return m.whole[u.at : u.at+len(u.x.whole)]
}

// narrow is full for storage of less than T.
func (m *Moment[T]) narrow(u *Update[T], nonNegative bool) []kernels.Stored {
	m.of(u, nonNegative)
	return m.part[u.at : u.at+len(u.x.whole)]
}

// A piece is how many elements are widened at a time: whole blocks, and a chunk of rule 7, in memory that a core's
// cache holds.
const piece = kernels.ReduceChunk

// load returns elements of parameter i's from lo on, where a piece begins: all in memory, or buffer with a piece.
func (m *Moment[T]) load(e bitstep.Engine[T], i, lo int, buffer []T) []T {
	if m.group.storage == Full {
		return m.whole[i][lo:]
	}
	n := min(m.part[i].Len()-lo, len(buffer))
	s, dst := m.piece(i, lo, n), any(buffer[:n]).([]float32)
	if s.BFloat16 != nil {
		narrowed(e).FromBFloat16(dst, s.BFloat16)
	} else {
		narrowed(e).DecodeBlocks(dst, s.Block8, !m.nonNegative)
	}
	return buffer[:n]
}

// store rounds what load returned and was changed.
func (m *Moment[T]) store(e bitstep.Engine[T], i, lo int, elements []T, r kernels.Rounding) {
	if m.group.storage == Full {
		return
	}
	s, src := m.piece(i, lo, len(elements)), any(elements).([]float32)
	r.Base = uint64(lo)
	if s.BFloat16 != nil {
		narrowed(e).ToBFloat16(s.BFloat16, src, r)
	} else {
		narrowed(e).EncodeBlocks(s.Block8, src, !m.nonNegative, r)
	}
}

// piece is n elements of parameter i's from lo on, which begin a block.
func (m *Moment[T]) piece(i, lo, n int) kernels.Stored {
	s := m.part[i]
	if s.BFloat16 != nil {
		return kernels.Stored{BFloat16: s.BFloat16[lo : lo+n]}
	}
	first := lo / kernels.Block
	return kernels.Stored{Block8: kernels.Blocks8{Codes: s.Block8.Codes[lo : lo+n],
		Scales: s.Block8.Scales[first : first+kernels.Scales(n)]}}
}

// buffer returns memory for Moment.load, which needs none if states are Full.
func (s *Setup[T]) buffer() []T {
	if s.group.storage == Full {
		return nil
	}
	return make([]T, min(s.longest(), piece))
}

// narrowed is an engine of float32, which T is.
func narrowed[T kernels.Float](e bitstep.Engine[T]) bitstep.Narrow {
	return bitstep.Narrow(any(e).(bitstep.Engine[float32]))
}

// stored gives a narrow step its parameters or gradients, in a list that is kept for it.
func (u *Update[T]) stored(list *[]kernels.Stored, t tensors[T]) []kernels.Stored {
	*list = (*list)[:0]
	for i := range t.whole {
		*list = append(*list, t.stored(i))
	}
	return *list
}

// rounding is that of the step that runs: each parameter of the optimizer has a stream of random bits.
func (u *Update[T]) rounding() kernels.Rounding {
	return kernels.Rounding{Seed: u.seed, Step: u.Step, Stream: uint64(u.group.first + u.at)}
}

// only is u for parameter i of the group alone. It is gone with the next call.
func (u *Update[T]) only(i int) *Update[T] {
	one := u.one
	*one = *u
	one.x, one.g, one.at = u.x.of(i, 1), u.g.of(i, 1), u.at+i
	one.X, one.G = one.x.whole, one.g.whole
	return one
}

// checkStorage returns an error unless the group's states can be stored as the options say.
func (g *group[T]) checkStorage() error {
	if g.storage == Full || len(g.moments) > 0 || len(g.states) == 0 {
		return nil
	}
	return fmt.Errorf("%s: States = %v, want Full: its steps are not of one pass, or need all bits of its states",
		g.spec.name, g.storage)
}

// checkStates returns an error unless parameters of type T may have states in some storage.
func checkStates[T kernels.Float](s Storage) error {
	switch {
	case int(s) >= len(storageNames):
		return fmt.Errorf("States = %v, want one of %v", s, storageNames)
	case s != Full && !num.Is32[T]():
		return fmt.Errorf("States = %v with parameters of float64, want float32", s)
	}
	return nil
}
