package main

import (
	"cmp"
	"slices"
)

// ops are operations that are emitted later, in an order that suits the machine: rows of operations, each for another
// vector and independent of the others.
type ops struct{ rows []row }

type row struct {
	list     []func()
	together bool
}

// add adds a row of n operations; those of the same vectors in other rows may come before the next vector's.
func (o *ops) add(n int, f func(i int)) { o.addRow(n, f, false) }

// together adds a row that comes after all that were added before, and before all that are added later.
func (o *ops) together(n int, f func(i int)) { o.addRow(n, f, true) }

func (o *ops) addRow(n int, f func(i int), together bool) {
	r := row{together: together}
	for i := range n {
		r.list = append(r.list, func() { f(i) })
	}
	o.rows = append(o.rows, r)
}

// ordered lists them, of rows that need not be together so many vectors at a time.
func (o *ops) ordered(breadth int) (all []func()) {
	for rows := o.rows; len(rows) > 0; {
		n, longest := 0, 0
		for n < len(rows) && !rows[n].together {
			longest = max(longest, len(rows[n].list))
			n++
		}
		for from := 0; from < longest; from += breadth {
			for _, r := range rows[:n] {
				all = append(all, r.list[min(from, len(r.list)):min(from+breadth, len(r.list))]...)
			}
		}
		if n < len(rows) {
			all = append(all, rows[n].list...)
			n++
		}
		rows = rows[n:]
	}
	return all
}

// A spread is operations that are emitted evenly over a part of a turn, 0 to 1.
type spread struct {
	*ops
	from, to float64
}

// emitSpread emits lists side by side.
func emitSpread(breadth int, lists []spread) {
	type at struct {
		place float64
		emit  func()
	}
	var all []at
	for _, l := range lists {
		list := l.ordered(breadth)
		for i, f := range list {
			all = append(all, at{l.from + (l.to-l.from)*(float64(i)+.5)/float64(len(list)), f})
		}
	}
	slices.SortStableFunc(all, func(a, b at) int { return cmp.Compare(a.place, b.place) })
	for _, a := range all {
		a.emit()
	}
}
