package optim

import "github.com/bitstep-go/bitstep/kernels"

// A MomentView is a state that may be narrow, as tests look at it: an element of Stored for each parameter.
type MomentView struct {
	Name        string
	NonNegative bool
	Stored      []kernels.Stored
}

// Moments returns those of the first group.
func Moments(o *Optimizer[float32]) (all []MomentView) {
	g, k := o.groups[0], 0
	for _, m := range g.moments {
		for len(g.states[k].tensors) > 0 && !m.is(g.states[k]) {
			k++
		}
		all = append(all, MomentView{g.states[k].name, m.nonNegative, m.part})
	}
	return all
}

// is reports whether the state is m, or its codes.
func (m *Moment[T]) is(s groupState) bool {
	switch t := s.tensors[0].(type) {
	case *tensor[kernels.BFloat16]:
		return m.part[0].BFloat16 != nil && &t.s[0] == &m.part[0].BFloat16[0]
	case *tensor[uint8]:
		return m.part[0].Block8.Codes != nil && &t.s[0] == &m.part[0].Block8.Codes[0]
	}
	return false
}
