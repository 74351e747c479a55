package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/bench/internal/ceiling"
	"github.com/bitstep-go/bitstep/bench/internal/record"
)

// printMachine describes the machine in a few lines.
func printMachine(w io.Writer, m record.Machine, p record.Program) {
	assumed := ""
	if m.Assumed {
		assumed = " (some assumed)"
	}
	fmt.Fprintf(w, "%s, %s, GOMAXPROCS %d\n", m.CPU, count(m.Cores, "core"), m.Threads)
	fmt.Fprintf(w, "%s/%s, %s, bitstep %s\n", m.OS, m.Arch, p.Go, p.Version)
	fmt.Fprintf(w, "features  %s\n", strings.Join(m.Features, " "))
	fmt.Fprintf(w, "caches    L1d %s, L2 %s, L3 %s%s\n", ceiling.Size(m.L1), ceiling.Size(m.L2), ceiling.Size(m.L3),
		assumed)
	fmt.Fprintf(w, "backend   %s, of %s\n", m.Active, strings.Join(m.Backends, ", "))
	if len(m.CoreKinds) > 0 {
		fmt.Fprintf(w, "kinds     %s\n", m.Kinds())
	}
	if m.PinnedCPU != nil {
		fmt.Fprintf(w, "pinning   to %s\n", m.Pinned())
	}
	for _, x := range []struct{ name, value string }{{"pinning", m.Pinning}, {"counters", m.Counters}} {
		if x.value != "available" {
			fmt.Fprintf(w, "%-9s %s\n", x.name, x.value)
		}
	}
}

// A printer prints rows as they come.
type printer interface {
	row(record.Row)
	end() // prints what it still holds back
}

// A fullTable prints a line for each row, with all that is known of it.
type fullTable struct {
	w     io.Writer
	group string
}

// nameWidth has room for the longest name.
const nameWidth = 28

func (t *fullTable) row(r record.Row) {
	if r.Group != t.group {
		t.group = r.Group
		fmt.Fprintf(t.w, "\n%-*s %3s %-7s %2s %7s %9s %7s %7s %5s %-13s %5s %5s\n", nameWidth, r.Group, "", "backend",
			"T", "in", "ns/elem", "GB/s", "GFLOP/s", "share", "of", "x Go", "+-")
	}
	typ := ""
	if r.Type != "" {
		typ = "f" + r.Type[len(r.Type)-2:]
	}
	in := ceiling.Level{Name: r.Level, Bytes: r.Bytes}.String()
	switch {
	case r.Group == record.Product:
		in = fmt.Sprint("N=", r.N)
	case r.Bytes == 0:
		in = ""
	case r.Group == record.Ceiling: // of which there are several sizes in a level
		in = ceiling.Size(r.Bytes)
	}
	mark := ""
	if r.Unstable {
		mark = " unstable"
	}
	if r.Group != record.Ceiling && !r.Checked {
		mark = " WRONG BITS"
	}
	fmt.Fprintf(t.w, "%-*s %3s %-7s %2d %7s %9s %7s %7s %5s %-13s %5s %5s%s\n", nameWidth, r.Name, typ, r.Backend,
		r.Threads, in, figure("%.4f", r.NsPerElement), figure("%.1f", r.GBs), figure("%.1f", r.GFLOPs),
		share(r.Share), r.Ceiling, figure("%.1f", r.VersusGo), share(r.Spread), mark)
}

func (t *fullTable) end() {}

// figure is a number, or nothing for one that was not measured.
func figure(format string, x float64) string {
	if x == 0 {
		return ""
	}
	if x >= 10000 {
		format = "%.0f"
	}
	return fmt.Sprintf(format, x)
}

func share(x float64) string { return figure("%.0f%%", 100*x) }

// A shortTable prints what matters first: a line for what a kernel of float32 does in all levels, and as little of the
// rest.
type shortTable struct {
	w       io.Writer
	machine record.Machine
	levels  []ceiling.Level
	group   string
	rows    []record.Row // that belong together
	noted   bool         // a mark has been used
}

func (t *shortTable) row(r record.Row) {
	if len(t.rows) > 0 && (r.Group != t.group || r.Group == record.Kernel && r.Key().Name != t.rows[0].Name ||
		r.Type != t.rows[0].Type && r.Group != record.Ceiling) {
		t.flush()
	}
	if r.Group != t.group {
		t.group = r.Group
		t.head(r)
	}
	if r.Type != elementTypes[1] || r.Group == record.Ceiling {
		t.rows = append(t.rows, r)
	}
}

func (t *shortTable) end() {
	t.flush()
	if t.noted {
		fmt.Fprintln(t.w, "\n? unstable: the share may be off by more than 5%   ! wrong bits")
	}
}

// head prints the head of a group.
func (t *shortTable) head(r record.Row) {
	switch r.Group {
	case record.Kernel:
		fmt.Fprintf(t.w, "\nKernels, %s on %s: ns per element and share of the ceiling\n", r.Type, r.Backend)
		fmt.Fprintf(t.w, "(streams in memory; d divisions, l the latency of additions), one thread\n%-23s", "")
		for _, l := range t.levels {
			fmt.Fprintf(t.w, " %13s", fmt.Sprintf("%s %s", l.Name, ceiling.Size(l.Bytes)))
		}
		fmt.Fprintf(t.w, " %8s", "x pure Go")
		if t.machine.Threads > 1 {
			fmt.Fprintf(t.w, "  %s", t.sharedHead())
		}
		fmt.Fprintln(t.w)
	case record.Product:
		fmt.Fprintf(t.w, "\nProducts, %s on %s: GFLOP/s and share of the fma peak, one thread\n", r.Type, r.Backend)
	case record.Training:
		fmt.Fprintf(t.w, "\nTraining, %s on %s: epochs of %s images, share of the fma peak\n", r.Type, r.Backend,
			thousands(r.N))
	}
}

// mark is what follows a share.
func (t *shortTable) mark(r record.Row) string {
	switch {
	case r.Group != record.Ceiling && !r.Checked:
		t.noted = true
		return "!"
	case r.Unstable:
		t.noted = true
		return "?"
	}
	return " "
}

func (t *shortTable) flush() {
	if len(t.rows) == 0 {
		return
	}
	switch t.rows[0].Group {
	case record.Ceiling:
		t.ceilings()
	case record.Kernel:
		t.kernel()
	case record.Product:
		t.products()
	case record.Training:
		for _, r := range t.rows {
			fmt.Fprintf(t.w, "%-28s %-10s %8s images/s %7.1f ms  %4s%s\n", r.Name, count(r.Threads, "thread"),
				thousands(int(r.ImagesPerSecond)), r.Median/1e6, share(r.Share), t.mark(r))
		}
	}
	t.rows = nil
}

// find returns the first of the rows for which is holds.
func (t *shortTable) find(is func(r record.Row) bool) (r record.Row, ok bool) {
	if i := slices.IndexFunc(t.rows, is); i >= 0 {
		return t.rows[i], true
	}
	return r, false
}

// shared is the farthest level from which all kernels are measured on several threads.
func (t *shortTable) shared() (last ceiling.Level) {
	for i, l := range t.levels {
		if i == 0 || l.Bytes <= t.machine.L2 {
			last = l
		}
	}
	return last
}

func (t *shortTable) sharedHead() string {
	return fmt.Sprintf("%d threads, %v", t.machine.Threads, t.shared())
}

func (t *shortTable) kernel() {
	fmt.Fprintf(t.w, "%-23s", t.rows[0].Name)
	for _, l := range t.levels {
		r, ok := t.find(func(r record.Row) bool { return r.Bytes == l.Bytes && r.Threads == 1 })
		if !ok {
			fmt.Fprintf(t.w, " %13s", "")
			continue
		}
		bound := " "
		switch {
		case r.Ceiling == "divide":
			bound = "d"
		case strings.HasSuffix(r.Ceiling, "latency"):
			bound = "l"
		}
		fmt.Fprintf(t.w, " %6.3f %4s%s%s", r.NsPerElement, share(r.Share), bound, t.mark(r))
	}
	first := t.rows[0]
	fmt.Fprintf(t.w, " %8s", figure("%.1f", first.VersusGo))
	if r, ok := t.find(func(r record.Row) bool { return r.Bytes == t.shared().Bytes && r.Threads > 1 }); ok {
		fmt.Fprintf(t.w, "  %*.2fx", len(t.sharedHead())-1, r.Scaling)
	}
	fmt.Fprintln(t.w)
}

func (t *shortTable) products() {
	var sizes []int
	var names []string
	for _, r := range t.rows {
		if !slices.Contains(sizes, r.N) {
			sizes = append(sizes, r.N)
		}
		if !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	fmt.Fprintf(t.w, "%-15s", "N")
	for _, n := range sizes {
		fmt.Fprintf(t.w, " %11d ", n)
	}
	if t.machine.Threads > 1 {
		fmt.Fprintf(t.w, " %10s", fmt.Sprintf("%d threads", t.machine.Threads))
	}
	fmt.Fprintln(t.w)
	for _, name := range names {
		fmt.Fprintf(t.w, "%-15s", name)
		scaling := 0.0
		for _, n := range sizes {
			for _, r := range t.rows {
				if r.Name == name && r.N == n && r.Threads > 1 {
					scaling = r.Scaling
				}
			}
			r, ok := t.find(func(r record.Row) bool { return r.Name == name && r.N == n && r.Threads == 1 })
			if !ok {
				fmt.Fprintf(t.w, " %12s", "")
				continue
			}
			fmt.Fprintf(t.w, " %6.1f %4s%s", r.GFLOPs, share(r.Share), t.mark(r))
		}
		if scaling > 0 {
			fmt.Fprintf(t.w, " %9.2fx", scaling)
		}
		fmt.Fprintln(t.w)
	}
}

// ceilings prints the rates of arithmetic, and bandwidth and latency in each level.
func (t *shortTable) ceilings() {
	ops := []string{"fma", "add", "multiply", "divide", "root"}
	head := fmt.Sprintf("\nCeilings on %s, one thread: GFLOP/s (latency in ns)", t.rows[0].Backend)
	for _, typ := range elementTypes {
		line := fmt.Sprintf("%-15s", typ)
		for _, op := range ops {
			is := func(name string) (record.Row, bool) {
				return t.find(func(r record.Row) bool { return r.Name == name && r.Type == typ })
			}
			rate, ok := is(op)
			latency, _ := is(op + " latency")
			if !ok {
				line = ""
				break
			}
			line += fmt.Sprintf("%16s", fmt.Sprintf("%.1f (%.2f)", rate.GFLOPs, latency.NsPerElement))
		}
		if line == "" {
			continue
		}
		if head != "" {
			fmt.Fprintf(t.w, "%s\n%-15s%15s%16s%16s%16s%16s\n", head, "", ops[0], ops[1], ops[2], ops[3], ops[4])
			head = ""
		}
		fmt.Fprintln(t.w, line)
	}
	fmt.Fprintf(t.w, "\nMemory\n%-27s", "")
	for _, l := range t.levels {
		fmt.Fprintf(t.w, " %9v", l)
	}
	fmt.Fprintln(t.w)
	threads := []int{1}
	if t.machine.Threads > 1 {
		threads = append(threads, t.machine.Threads)
	}
	line := func(label, name string, threads int, figure func(record.Row) float64) {
		fmt.Fprintf(t.w, "%-27s", label)
		for _, l := range t.levels {
			// The largest working set that is surely in the level, of those no larger than the kernels'.
			best := 0.0
			for _, r := range t.rows {
				if r.Name == name && r.Threads == threads && r.Level == l.Name && r.Bytes <= l.Bytes {
					best = figure(r)
				}
			}
			if best == 0 {
				fmt.Fprintf(t.w, " %9s", "")
				continue
			}
			fmt.Fprintf(t.w, " %9.1f", best)
		}
		fmt.Fprintln(t.w)
	}
	for _, n := range threads {
		for _, name := range []string{"load", "store", "copy"} {
			line(fmt.Sprintf("%s, GB/s, %s", name, count(n, "thread")), name, n,
				func(r record.Row) float64 { return r.GBs })
		}
	}
	line("latency of a load, ns", "load latency", 1, func(r record.Row) float64 { return r.NsPerElement })
	for _, name := range []string{"waking a thread", "touching memory, small pages", "touching memory, huge pages",
		"load latency, small pages", "load latency, huge pages"} {
		if r, ok := t.find(func(r record.Row) bool { return r.Name == name }); ok {
			of := ""
			if r.Bytes > 0 {
				of = ", of " + ceiling.Size(r.Bytes)
			}
			if strings.HasPrefix(name, "touching") {
				of += ", ns per 4 KB"
			} else {
				of += ", ns"
			}
			fmt.Fprintf(t.w, "%-50s %9.1f\n", name+of, r.NsPerElement)
		}
	}
}
