package page

import (
	"fmt"
	"strconv"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// A table is text: a heading for each column, and a row of cells for each line.
type table struct {
	Caption string
	Columns []column
	Rows    [][]string
}

// A column is a heading with its unit; numbers stand at the right.
type column struct {
	Head   string
	Number bool
}

// A property of a row that a column shows; empty is none.
type property struct {
	column
	of func(record.Row) string
}

// tabulate makes a table of the properties that some row has.
func tabulate(caption string, rows []record.Row, properties []property) table {
	t := table{Caption: caption, Rows: make([][]string, len(rows))}
	for _, p := range properties {
		cells, some := make([]string, len(rows)), false
		for i, r := range rows {
			cells[i] = p.of(r)
			some = some || cells[i] != ""
		}
		if !some {
			continue
		}
		t.Columns = append(t.Columns, p.column)
		for i, c := range cells {
			t.Rows[i] = append(t.Rows[i], c)
		}
	}
	return t
}

func text(head string, of func(record.Row) string) property { return property{column{head, false}, of} }

func number(head string, of func(record.Row) float64) property {
	return property{column{head, true}, func(r record.Row) string { return figures(of(r)) }}
}

func share(head string, of func(record.Row) float64) property {
	return property{column{head, true}, func(r record.Row) string { return percent(of(r)) }}
}

var (
	nameOf    = text("name", func(r record.Row) string { return r.Name })
	peerOf    = text("of", func(r record.Row) string { return r.Peer })
	typeOf    = text("type", func(r record.Row) string { return r.Type })
	backendOf = text("backend", func(r record.Row) string { return r.Backend })
	threadsOf = property{column{"threads", true}, func(r record.Row) string { return strconv.Itoa(r.Threads) }}
	levelOf   = text("level", func(r record.Row) string { return r.Level })
	bytesOf   = property{column{"working set", true}, func(r record.Row) string { return bytesText(r.Bytes) }}
	nOf       = property{column{"N", true}, func(r record.Row) string { return whole(r.N) }}
	shapeOf   = text("M×N×K", func(r record.Row) string { return r.Shape })
	medianOf  = number("ns", func(r record.Row) float64 { return r.Median })
	spreadOf  = share("spread", func(r record.Row) float64 { return r.Spread })
	elementOf = number("ns per element", func(r record.Row) float64 { return r.NsPerElement })
	gbsOf     = number("GB/s", func(r record.Row) float64 { return r.GBs })
	gflopsOf  = number("GFLOP/s", gflops)
	imagesOf  = number("images/s", func(r record.Row) float64 { return r.ImagesPerSecond })
	shareOf   = property{column{"of ceiling", true}, func(r record.Row) string {
		if r.Unstable {
			return percent(r.Share) + " unstable"
		}
		return percent(r.Share)
	}}
	ceilingOf = text("ceiling", func(r record.Row) string { return r.Ceiling })
	versusOf  = property{column{"× pure Go", true}, func(r record.Row) string { return figures(r.VersusGo) }}
	scalingOf = property{column{"× one thread", true}, func(r record.Row) string { return figures(r.Scaling) }}
	checkedOf = text("bits", func(r record.Row) string {
		switch {
		case r.Checked:
			return "right"
		case r.Hash != "":
			return "not checked"
		}
		return ""
	})
	groupOf = text("group", func(r record.Row) string { return r.Group })
)

// everyProperty is all that the table of all rows shows.
var everyProperty = []property{nameOf, groupOf, peerOf, typeOf, backendOf, threadsOf, levelOf, bytesOf, nOf, shapeOf,
	medianOf, spreadOf, elementOf, gbsOf, gflopsOf, imagesOf, shareOf, ceilingOf, versusOf, scalingOf, checkedOf}

var printer = message.NewPrinter(language.English)

// figures writes a number with three figures or more, and 0, which was not measured, as nothing.
func figures(x float64) string {
	switch {
	case x == 0:
		return ""
	case x >= 100:
		return printer.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	case x >= 1:
		return fmt.Sprintf("%.2f", x)
	case x >= .1:
		return fmt.Sprintf("%.3f", x)
	}
	return fmt.Sprintf("%.3g", x)
}

func whole(n int) string {
	if n == 0 {
		return ""
	}
	return printer.Sprintf("%d", n)
}

func percent(x float64) string {
	if x == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f%%", 100*x)
}

// bytesText writes 1<<20 as 1 MB and 5<<18, which some second caches have, as 1280 KB.
func bytesText(n int) string {
	switch {
	case n == 0:
		return ""
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 10<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
