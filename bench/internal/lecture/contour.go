package lecture

// A grid has a landscape's values at regular points of its box, and around them a ring of points on the border whose
// values are so high that every contour is closed.
type grid struct {
	w, h int
	x, y []float64
	v    []float64
}

const across, up = 64, 48 // points of a grid but for the ring

// span returns n numbers from lo to hi, and either end twice.
func span(lo, hi float64, n int) (s []float64) {
	for i := -1; i <= n; i++ {
		k := min(max(i, 0), n-1)
		s = append(s, lo+float64((hi-lo)*(float64(k)/float64(n-1))))
	}
	return s
}

func newGrid(l *landscape) *grid {
	g := &grid{w: across + 2, h: up + 2, x: span(l.box.left, l.box.right, across), y: span(l.box.bottom, l.box.top, up)}
	for j, y := range g.y {
		for i, x := range g.x {
			v := 1e30
			if i > 0 && i < g.w-1 && j > 0 && j < g.h-1 {
				v = l.at(point{x, y})
			}
			g.v = append(g.v, v)
		}
	}
	return g
}

// The edges of a cell, and the turns of a contour through it: from which edge to which, by the corners that are inside
// (1 lower left, 2 lower right, 4 upper right, 8 upper left), with the inside to the left.
const (
	south = iota
	east
	north
	west
)

var turns = [16][][2]int{
	1: {{south, west}}, 2: {{east, south}}, 4: {{north, east}}, 8: {{west, north}},
	3: {{east, west}}, 6: {{north, south}}, 12: {{west, east}}, 9: {{south, north}},
	7: {{north, west}}, 11: {{east, north}}, 13: {{south, east}}, 14: {{west, south}},
	5: {{south, west}, {north, east}}, 10: {{east, south}, {west, north}},
}

// joined are the turns where two opposite corners are inside and the middle is, too.
var joined = map[int][][2]int{5: {{south, east}, {north, west}}, 10: {{west, south}, {east, north}}}

// contour returns the borders of the region where values are at most level, by marching squares: closed lines, the
// region to their left.
func (g *grid) contour(level float64) (loops [][]point) {
	horizontal := g.w * g.h           // edges to the right of each point, then those above each
	next := make([]int, 2*horizontal) // the edge at which a contour leaves the cell that it enters here, plus 1
	for j := range g.h - 1 {
		for i := range g.w - 1 {
			at := j*g.w + i
			edges := [4]int{south: at, east: horizontal + at + 1, north: at + g.w, west: horizontal + at}
			inside, sum := 0, 0.0
			for k, corner := range [4]int{at, at + 1, at + g.w + 1, at + g.w} {
				if g.v[corner] <= level {
					inside |= 1 << k
				}
				sum += g.v[corner]
			}
			way := turns[inside]
			if other := joined[inside]; other != nil && sum/4 <= level {
				way = other
			}
			for _, turn := range way {
				next[edges[turn[0]]] = edges[turn[1]] + 1
			}
		}
	}
	for e := range next {
		var loop []point
		for next[e] != 0 {
			loop = append(loop, g.crossing(e, level))
			next[e], e = 0, next[e]-1
		}
		if len(loop) > 2 {
			loops = append(loops, loop)
		}
	}
	return loops
}

// crossing is where a contour crosses an edge, by linear interpolation.
func (g *grid) crossing(e int, level float64) point {
	at, other := e, e+1
	if horizontal := g.w * g.h; e >= horizontal {
		at, other = e-horizontal, e-horizontal+g.w
	}
	t := (level - g.v[at]) / (g.v[other] - g.v[at])
	a, b := point{g.x[at%g.w], g.y[at/g.w]}, point{g.x[other%g.w], g.y[other/g.w]}
	return point{a.x + float64(t*(b.x-a.x)), a.y + float64(t*(b.y-a.y))}
}
