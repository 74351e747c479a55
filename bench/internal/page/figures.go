package page

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"gonum.org/v1/plot/plotter"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// A figure is a chart with what it says in words and as a table.
type figure struct {
	ID, Title, Text string
	Legend          []entry
	SVG             template.HTML // empty if there was nothing to draw
	Table           table
}

// An entry of a legend.
type entry struct {
	Series     int
	Mark, Name string
}

// newFigure draws a chart, with a legend in words under it: that has room on a phone, too.
func newFigure(id, title, text string, c chart, t table) (figure, error) {
	f := figure{ID: id, Title: title, Text: text, Table: t}
	c.series = slices.Clone(c.series)
	for i := range c.series {
		c.series[i].number = i // which stays, so that a level has its colour where others are missing
	}
	c.series = slices.DeleteFunc(c.series, func(s series) bool { return len(s.points) == 0 })
	for _, s := range c.series {
		f.Legend = append(f.Legend, entry{s.number % len(marks), marks[s.number%len(marks)], s.name})
	}
	if len(c.series) == 0 {
		return f, nil
	}
	svg, err := c.svg(id, title, text)
	f.SVG = svg
	return f, err
}

// figuresOf draws all figures of a record.
func figuresOf(r record.Record) (all []figure, err error) {
	add := func(f figure, e error) {
		if err == nil {
			err = e
		}
		all = append(all, f)
	}
	for _, typ := range types {
		add(roofline(r, typ))
	}
	for _, typ := range types {
		add(products(r, typ))
	}
	add(bandwidths(r, 1))
	if r.Machine.Threads > 1 {
		add(bandwidths(r, r.Machine.Threads))
	}
	for _, typ := range types {
		add(speedup(r, typ))
	}
	for _, typ := range types {
		add(threads(r, typ))
	}
	for _, typ := range types {
		add(besides(r, typ))
	}
	return all, err
}

// roofline places kernels and products by operations per byte and operations per second, under the machine's ceilings.
func roofline(r record.Record, typ string) (figure, error) {
	c := chart{xLabel: "operations per byte", yLabel: "GFLOP/s", xTicks: decades, yTicks: decades, named: true}
	kernels := measured(r, record.Kernel, typ)
	placed, lo, hi := []record.Row{}, 1., 1.
	place := func(name string, rows []record.Row) {
		s := series{name: name}
		for _, row := range rows {
			x, y := intensity(row), gflops(row)
			if x <= 0 || y <= 0 {
				continue
			}
			placed, lo, hi = append(placed, row), min(lo, x), max(hi, x)
			s.points = append(s.points, point{x, y, fmt.Sprintf("%s: %s GFLOP/s, %s operations per byte, %s", row.Name,
				figures(y), figures(x), strings.TrimSpace(row.Level+row.Shape+" "+percent(row.Share)))})
		}
		c.series = append(c.series, s)
	}
	for _, level := range levels {
		name := level
		if b := bandwidth(r, level, 1); b > 0 {
			name = fmt.Sprintf("%s, roof %s GB/s", level, figures(b))
		}
		place(name, slices.DeleteFunc(slices.Clone(kernels), func(row record.Row) bool { return row.Level != level }))
	}
	place("products", measured(r, record.Product, typ))
	top := peak(r, typ)
	lo, hi = lo/4, hi*1.5 // names stand at the left
	if len(placed) > 0 {
		for i, level := range levels {
			roof := roofOf(bandwidth(r, level, 1), top, lo, hi)
			if roof != nil && len(c.series[i].points) > 0 {
				c.lines = append(c.lines, line{points: roof, series: i})
			}
		}
		if top > 0 {
			c.lines = append(c.lines, line{points: plotter.XYs{{X: lo, Y: top}, {X: hi, Y: top}}, series: -1,
				dashed: true})
		}
	}
	text := "Each kernel at the level that its operands come from. The slopes are the highest bandwidth of each level"
	if top > 0 {
		text += fmt.Sprintf(", the dashed line the peak of fused multiply-adds, %s", unit(top, "GFLOP/s"))
	}
	text += ". One thread. Where there is room, kernels of the first level have names; a pointer on a mark tells it."
	return newFigure("roofline-"+typ, "Roofline, "+typ, text, c, tabulate("Roofline, "+typ, placed, []property{nameOf,
		levelOf, shapeOf, number("operations per byte", intensity), gflopsOf, shareOf}))
}

// roofOf is what a bandwidth in GB/s allows from one intensity on, up to the peak.
func roofOf(bandwidth, peak, from, to float64) plotter.XYs {
	if bandwidth == 0 || peak > 0 && bandwidth*from >= peak {
		return nil
	}
	if peak > 0 {
		to = min(to, peak/bandwidth)
	}
	return plotter.XYs{{X: from, Y: bandwidth * from}, {X: to, Y: bandwidth * to}}
}

// bandwidths shows the ceilings of traffic by the size of the working set.
func bandwidths(r record.Record, threads int) (figure, error) {
	all := rows(r, func(row record.Row) bool {
		return row.Group == record.Ceiling && row.GBs > 0 && row.Bytes > 0 && row.Threads == threads
	})
	slices.SortStableFunc(all, func(a, b record.Row) int { return a.Bytes - b.Bytes })
	c := chart{xLabel: "working set", yLabel: "GB/s", xTicks: sizes, yTicks: decades, joined: true}
	curves := map[string]series{}
	var order []string
	for _, row := range all {
		s, ok := curves[row.Name]
		if !ok {
			order = append(order, row.Name)
		}
		s.points = append(s.points, point{float64(row.Bytes), row.GBs,
			fmt.Sprintf("%s: %s from %s", row.Name, unit(row.GBs, "GB/s"), bytesText(row.Bytes))})
		curves[row.Name] = s
	}
	most, least := 0., 0.
	for _, name := range order {
		s := curves[name]
		if s.name = name; len(s.points) < 3 || strings.HasPrefix(name, "streams ") {
			continue // no curve; the patterns of kernels are in the table
		}
		c.series = append(c.series, s)
		for _, p := range s.points {
			most = max(most, p.y)
			if least == 0 || p.y < least {
				least = p.y
			}
		}
	}
	if len(c.series) > 0 {
		for _, size := range []int{r.Machine.L1, r.Machine.L2, r.Machine.L3} {
			if x := float64(size); size > all[0].Bytes && size < all[len(all)-1].Bytes {
				c.lines = append(c.lines, line{points: plotter.XYs{{X: x, Y: least}, {X: x, Y: most}}, series: -1,
					dashed: true})
			}
		}
	}
	title := "Bandwidth by working set, " + plural(threads, "thread")
	return newFigure(fmt.Sprintf("bandwidth-%d", threads), title,
		"What memory and caches give, read and written bytes counted. Dashed: the sizes of L1, L2 and L3.", c,
		tabulate(title, all, []property{nameOf, typeOf, threadsOf, levelOf, bytesOf, gbsOf,
			spreadOf}))
}

// products shows the rate of each product by its number of examples or its side.
func products(r record.Record, typ string) (figure, error) {
	all := measured(r, record.Product, typ)
	c := chart{xLabel: "N", yLabel: "GFLOP/s", xTicks: decades, joined: true}
	lo, hi := 0., 0.
	for _, name := range names(all) {
		s := series{name: name}
		for _, row := range all {
			if x, y := float64(row.N), gflops(row); row.Name == name && x > 0 && y > 0 {
				s.points = append(s.points, point{x, y, fmt.Sprintf("%s: %s at N = %d (%s), %s", name,
					unit(y, "GFLOP/s"), row.N, row.Shape, ofCeiling(row))})
				if lo == 0 || x < lo {
					lo = x
				}
				hi = max(hi, x)
			}
		}
		slices.SortFunc(s.points, func(a, b point) int { return int(a.x - b.x) })
		c.series = append(c.series, s)
	}
	text := "Scores and gradients of a classifier, whose examples are columns or rows, and squares. One thread."
	if top := peak(r, typ); top > 0 && lo > 0 {
		c.lines = []line{{points: plotter.XYs{{X: lo, Y: top}, {X: hi, Y: top}}, series: -1, dashed: true}}
		text += fmt.Sprintf(" Dashed: the peak of fused multiply-adds, %s.", unit(top, "GFLOP/s"))
	}
	return newFigure("products-"+typ, "Products, "+typ, text, c, tabulate("Products, "+typ, all, []property{nameOf,
		shapeOf, nOf, gflopsOf, shareOf, versusOf, checkedOf}))
}

// speedup compares every kernel with pure Go.
func speedup(r record.Record, typ string) (figure, error) {
	all := slices.Concat(measured(r, record.Kernel, typ), measured(r, record.Product, typ))
	all = slices.DeleteFunc(all, func(row record.Row) bool { return row.VersusGo == 0 || row.Backend == "go" })
	c := byKernel(all, "times as fast as pure Go", func(row record.Row) float64 { return row.VersusGo })
	c.xTicks = decades
	return newFigure("speedup-"+typ, "Speed-up over pure Go, "+typ,
		"How many times as fast as the same call in pure Go, by where the operands come from. One thread. "+
			"The line is at 1: no faster.", c,
		tabulate("Speed-up over pure Go, "+typ, all, []property{nameOf, levelOf, shapeOf, elementOf, versusOf}))
}

// threads compares kernels and products on more threads with one.
func threads(r record.Record, typ string) (figure, error) {
	all := slices.Concat(shared(r, record.Kernel, typ), shared(r, record.Product, typ))
	c := byKernel(all, "times as fast as one thread", func(row record.Row) float64 { return row.Scaling })
	title := "Threads, " + typ
	if len(all) > 0 {
		title = fmt.Sprintf("%d threads, %s", all[0].Threads, typ)
	}
	return newFigure("threads-"+typ, title, "How many times as fast as on one thread. The line is at 1: no faster.", c,
		tabulate(title, all, []property{nameOf, levelOf, shapeOf, threadsOf, elementOf, gflopsOf, scalingOf, shareOf}))
}

// besides compares other ways to compute the same with bitstep.
func besides(r record.Record, typ string) (figure, error) {
	c := chart{xLabel: "times as fast as bitstep", xTicks: decades}
	all := rows(r, func(row record.Row) bool { return row.Group == record.Peer && row.Type == typ })
	rates := map[string]float64{} // of bitstep
	for _, row := range all {
		if row.Peer == "bitstep" {
			rates[asked(row)] = row.GFLOPs
		}
	}
	for _, row := range all {
		rate := rates[asked(row)]
		if row.Peer == "bitstep" || rate == 0 {
			continue
		}
		if !slices.Contains(c.categories, asked(row)) {
			c.categories = append(c.categories, asked(row))
		}
		at := slices.IndexFunc(c.series, func(s series) bool { return s.name == row.Peer })
		if at < 0 {
			at, c.series = len(c.series), append(c.series, series{name: row.Peer})
		}
		c.series[at].points = append(c.series[at].points, point{row.GFLOPs / rate,
			float64(slices.Index(c.categories, asked(row))), fmt.Sprintf("%s, %s: %s, bitstep %s", row.Peer, asked(row),
				unit(row.GFLOPs, "GFLOP/s"), unit(rate, "GFLOP/s"))})
	}
	c.line(1)
	return newFigure("peers-"+typ, "Beside others, "+typ, "What else a Go program can call, in turns with bitstep. "+
		"One thread. The line is at 1: as fast as bitstep.", c,
		tabulate("Beside others, "+typ, all, []property{nameOf, peerOf, shapeOf, levelOf, medianOf, gflopsOf, gbsOf}))
}

// asked is what all peers of a row were asked for.
func asked(r record.Row) string { return strings.TrimSpace(r.Name + " " + r.Shape + r.Level) }

// byKernel has a category for each name and a series for each level; products, which have no level, are a series.
func byKernel(all []record.Row, label string, value func(record.Row) float64) chart {
	c := chart{xLabel: label, categories: names(all)}
	for _, level := range append(slices.Clone(levels), "") {
		s := series{name: level}
		if level == "" {
			s.name = "products"
		}
		for _, row := range all {
			if row.Level == level || level == "" && row.Group == record.Product && !slices.Contains(levels, row.Level) {
				where := row.Level
				if row.Shape != "" {
					where = row.Shape
				}
				s.points = append(s.points, point{value(row), float64(slices.Index(c.categories, row.Name)),
					fmt.Sprintf("%s: %s times, %s", row.Name, figures(value(row)), where)})
			}
		}
		c.series = append(c.series, s)
	}
	c.line(1)
	return c
}

// line draws a line through all categories.
func (c *chart) line(x float64) {
	if n := float64(len(c.categories)); n > 0 {
		c.lines = []line{{points: plotter.XYs{{X: x, Y: -.5}, {X: x, Y: n - .5}}, series: -1, dashed: true}}
	}
}
