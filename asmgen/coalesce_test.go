package main

import "testing"

// A copy that is changed while what it was copied from is still needed stays one; others go.
func TestCoalesce(t *testing.T) {
	for _, needed := range []bool{false, true} {
		functions := neonFunctions(t, func(m Machine) {
			m.BeginLocal(symbol("copies", m), "x *T")
			p, sum := m.Arg("x"), m.Vector()
			v := m.Load(p, 0)
			m.Move(sum, v)
			m.FMA(sum, v, v)
			if needed {
				m.Store(v, p, 16)
			}
			m.Store(sum, p, 0)
			m.End()
		})
		for _, fn := range functions {
			moves := 0
			for _, i := range fn.Instructions() {
				if i.Opcode == "VORR" {
					moves++
				}
			}
			if (moves == 1) != needed {
				t.Errorf("%s: %d moves, needed: %v", fn.Name, moves, needed)
			}
		}
	}
}
