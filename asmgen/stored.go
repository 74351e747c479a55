package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Steps in narrow storage: a loop over pairs of vectors, or of blocks. What is narrow is widened to float32's lanes,
// the row's program computes on these as it does on others, and what it stores is rounded by the rules 14 to 16.

// A storing Machine has what narrow storage takes. Without it definitions run.
type storing interface {
	Machine

	// Widen returns the numbers of two vectors' lanes, stored as bfloat16 at p+off: the first half and the second, or
	// for split those of even and of odd places, which takes less. Narrow stores the first 16 bits of each likewise.
	Widen(p Reg, off int, split bool) (a, b Reg)
	Narrow(a, b, p Reg, off int, split bool)

	// Integers of 32 bits.
	Word(bits uint64) Reg // in every lane
	Words(name string, words []uint64) Reg
	AddInt(a, b Reg) Reg
	MulInt(a, b Reg) Reg
	SubInt(a, b Reg) Reg
	MaxInt(a, b Reg) Reg // of signed numbers
	MinInt(a, b Reg) Reg
	Xor(a, b Reg) Reg
	AndBits(a, b Reg) Reg
	OrBits(a, b Reg) Reg
	ShiftLeft(a Reg, n int) Reg
	ShiftRight(a Reg, n int) Reg  // zeros come in
	ShiftSigned(a Reg, n int) Reg // signs do
	IfNotZero(of, v Reg) Reg      // v where of is not 0, else 0; may change v

	// StoreFloat16 stores a vector's lanes, no NaN but 0x7fc00000 among them, as float16, rounded to nearest even.
	// LoadAs widens such.
	StoreFloat16(v, p Reg, off int)

	// Bytes are those of 32-bit lanes that hold a number up to 255.
	WidenBytes(p Reg, off int) Reg      // a vector's lanes
	BroadcastByte(p Reg) Reg            // the one at p, in every lane
	StoreByte(v, p Reg)                 // of the first lane
	StoreBytes(v []Reg, p Reg, off int) // of all lanes of vectors, four if a vector is no line

	Xor3(a, b, c Reg) Reg // a ^ b ^ c; may change a
	AnyNaN(v []Reg) Reg   // a general register that is not 0 if any lane is NaN
	NoPayload(v, nan Reg) // v = nan where v is NaN, in place
}

// A variant is a step in a form, or a conversion, for one rounding: each has assembly of its own.
type variant struct {
	Row     table.Row // its operands in their storage
	Suffix  string    // behind the row's name in those of functions
	Nearest bool
	Keys    []int // which of its row's it is: both roundings if nothing rounds stochastically
}

// variants lists those of a step.
func variants(row table.Row) (all []variant) {
	for i, f := range table.Forms {
		if row, ok := row.In(f); ok {
			all = append(all, roundings(row, f.Name, 2*i)...)
		}
	}
	return all
}

// conversions lists those of conversions.
func conversions() (all []variant) {
	for _, c := range table.Conversions {
		all = append(all, roundings(c.Row, "", 0)...)
	}
	return all
}

// roundings are the variants of a row, its operands in their storage.
func roundings(row table.Row, suffix string, key int) []variant {
	random, nearest := variant{row, suffix, false, []int{key}}, variant{row, suffix + "Nearest", true, []int{key + 1}}
	if random.words() == 0 {
		return []variant{{row, suffix, true, []int{key, key + 1}}}
	}
	return []variant{random, nearest}
}

// isStep reports whether there are scalars and a Prelude.
func (v variant) isStep() bool { return v.Row.Kind == table.Step }

// storedHas reports whether a machine has assembly for a variant.
func storedHas(m Machine, v variant) bool {
	s, can := m.(storing)
	p := program.Must(v.Row)
	return can && m.ElemBytes() == 4 && emits(m, p) && storedFits(s, p)
}

// storedFits reports whether there are registers: for a pair of vectors of each operand, of which 16 hold five, and for
// pointers, of which there are nine: one of each operand and one of the scales of each in blocks. Adan has more. Of
// roots of roots, as MADGRAD has, 16 vectors do not hold what is needed later.
func storedFits(m storing, p *program.Program) bool {
	pointers := len(p.Row.Operands)
	for _, o := range p.Row.Operands {
		if o.Storage == table.Block8 {
			pointers++
		}
	}
	return pointers <= 9 && (len(p.Row.Operands) <= 5 && p.Count(program.Sqrt) <= 1 || m.Registers() > 16)
}

// A storedKernel is a step in narrow storage at work.
type storedKernel struct {
	*kernel
	storing
	variant
	split  bool
	random Reg   // points at the keys of the words
	words  []Reg // running: of each word of the next pair's first vector, what the first product is made of
	second []Reg // k1 of each word, or nil where registers are few
	held   map[uint64]Reg

	// Of a step that divides: what a pair carries from its start to its end, and how.
	whole      *program.Program
	carry      []*program.Node
	last       []program.Line
	randomLast bool // whether that rounds stochastically: x, by the first word
	slots      []Reg
	scratch    Reg
}

// words of random bits that a variant needs.
func (v variant) words() int {
	n := 0
	for _, o := range v.Row.Operands {
		if o.Stochastic(o.Storage) && !v.Nearest {
			n++
		}
	}
	return (n + 1) / 2
}

// storedType is the type of what lies in memory. A T is a float32.
var storedType = map[table.Storage]string{table.Element: "T", table.BFloat16: "uint16", table.Float16: "uint16",
	table.Block8: "uint8"}

// storedParams is the parameters of a row's operands in its storage.
func storedParams(row table.Row) string {
	s := ""
	for _, o := range row.Operands {
		s += ", " + argName(o.Name) + " *" + storedType[o.Storage]
	}
	for _, o := range row.Operands {
		if o.Storage == table.Block8 {
			s += ", " + scalesOf(o.Name) + " *uint8"
		}
	}
	return s
}

// scalesOf is the parameter of an operand's scales.
func scalesOf(operand string) string { return operand + "Scales" }

// The constants of a random word: rule 15.
const (
	goldenWord    = 0x9e3779b9
	firstProduct  = 0x7feb352d
	secondProduct = 0x846ca68b
)

// stored emits func(n int, c *T, random *uint32, operands ...), without c for conversions: n elements, whole blocks of
// 32. random points at two words for each pair of operands that round stochastically: k0 + c*0x9e3779b9 of the first
// element, and k1.
func stored(m storing, v variant) {
	p := program.Must(v.Row)
	name, coef, scalars := symbol(v.Row.Name+v.Suffix, m), "", ""
	if v.isStep() {
		coef, scalars = "c *T, ", layout(m, p)
	}
	doc := []string{name + " updates n elements, whole blocks of 32, by", ""}
	for _, l := range p.Lines {
		doc = append(doc, "\t"+l.Text)
	}
	if v.isStep() {
		doc = append(doc, "", scalars)
	}
	m.Begin(name, "n int, "+coef+"random *uint32"+storedParams(v.Row), doc...)
	n := m.Arg("n")
	k := &storedKernel{kernel: newKernel(m, p), storing: m, variant: v, held: map[uint64]Reg{}, whole: p}
	k.split = !slices.ContainsFunc(v.Row.Operands, func(o table.Operand) bool { return o.Storage != table.BFloat16 })
	var prelude Reg
	if v.isStep() {
		k.coef = k.Arg("c")
		if k.scalarsFit() {
			k.holdScalars()
		}
		prelude = m.Code(preludeTable(m, 1), pointAtPrelude(k.kernel))
	}
	k.constants()
	k.begin(v.words())
	if slices.ContainsFunc(v.Row.Operands, func(o table.Operand) bool { return o.Storage == table.Block8 }) {
		k.blocks(n, prelude)
		m.End()
		return
	}
	step := 2 * lanesOf(m)
	if !p.Divides() || !k.cut() {
		m.While("pair", n, step, func() {
			k.start(prelude)
			k.advance(step)
		})
		m.End()
		return
	}
	m.IfMore(n, step-1, func() {
		k.start(prelude)
		k.advance(step)
		m.AddImm(n, -step)
		m.While("pair", n, step, func() {
			k.finish()
			k.start(prelude)
			k.advance(step)
		})
		k.finish()
	})
	m.End()
}

// cut makes two stages of a step that divides: a pair starts, and is divided a turn later, when what it is divided by
// is there. So the divider and all else work side by side. Roots are the hardware's: all else takes as long, and with
// half of them by fma a step took .12 longer (Emerald Rapids). What is carried from one stage to the other are the
// values that what needs the quotient is made of, and the random words of what is stored last.
//
// It reports false, and cuts nothing, where what is stored last takes other words than the first: each is made in one
// stage.
func (k *storedKernel) cut() bool {
	var div *program.Node
	for _, l := range k.Lines {
		div = cmp.Or(div, find(l.Value, program.Div))
	}
	seen := map[*program.Node]bool{}
	var carry func(n *program.Node)
	carry = func(n *program.Node) {
		switch {
		case seen[n] || n.Op == program.Scalar || n.Op == program.Constant:
		case n.Needs(div):
			for _, a := range n.Args {
				carry(a)
			}
		default:
			k.carry = append(k.carry, n)
		}
		seen[n] = true
	}
	numbers, j := map[string]int{}, 0
	for _, o := range k.Row.Operands {
		if o.Stochastic(o.Storage) && !k.Nearest {
			numbers[o.Name] = j
			j++
		}
	}
	for _, l := range k.Lines {
		if div == nil || l.Store && l.Value.Needs(div) && numbers[l.Dst] > 1 {
			return false
		}
	}
	var first []program.Line
	for _, l := range k.Lines {
		if l.Value.Needs(div) {
			k.last = append(k.last, l)
			o := k.operand[l.Dst]
			k.randomLast = k.randomLast || l.Store && o.Stochastic(o.Storage) && !k.Nearest
			carry(l.Value)
		} else {
			first = append(first, l)
		}
	}
	k.Program = &program.Program{}
	*k.Program = *k.whole
	k.Lines = first
	k.room(2 * (len(k.carry) + 1)) // the last for words
	return true
}

// room makes room for so many values: in registers if there are as many.
func (k *storedKernel) room(slots int) {
	if k.many() && slots <= 12 {
		k.slots = each(slots, func(int) Reg { return k.Vector() })
	} else {
		k.scratch = k.Scratch(slots * k.ISA().VecBytes)
	}
}

// find returns a node of an operation that a value is made of, or nil.
func find(n *program.Node, op program.Op) *program.Node {
	if n.Op == op {
		return n
	}
	for _, a := range n.Args {
		if f := find(a, op); f != nil {
			return f
		}
	}
	return nil
}

// keep carries a value to the next turn, and kept returns it there.
func (k *storedKernel) keep(slot int, v Reg) {
	if k.slots != nil {
		k.Move(k.slots[slot], v)
	} else {
		k.Store(v, k.scratch, slot*k.ISA().VecBytes)
	}
}

func (k *storedKernel) kept(slot int) Reg {
	if k.slots == nil {
		return k.Load(k.scratch, slot*k.ISA().VecBytes)
	}
	v := k.Vector() // what is kept next may come before this is needed
	k.Move(v, k.slots[slot])
	return v
}

// begin makes the running words and the constants of the loop.
func (k *storedKernel) begin(words int) {
	var constants []uint64
	for _, o := range k.Row.Operands {
		if o.Write && o.Storage == table.BFloat16 {
			constants = []uint64{0x7fff, 1, 0xffff}
		}
	}
	if words == 0 {
		constants = constants[:min(2, len(constants))]
	} else {
		constants = append(constants, firstProduct, secondProduct)
	}
	if k.many() {
		for _, c := range constants {
			k.held[c] = k.Word(c)
		}
	}
	if words == 0 {
		return
	}
	step, name := uint64(1), "lanes"
	if k.split {
		step, name = 2, "lanesEven"
	}
	var lanes []uint64
	for i := uint64(0); i < 16; i += 2 {
		lanes = append(lanes, uint64(uint32(i*step*goldenWord))|uint64(uint32((i+1)*step*goldenWord))<<32)
	}
	k.random = k.Arg("random")
	first := k.Words(name+"Golden", lanes)
	for w := range words {
		word := k.Vector()
		k.Move(word, k.AddInt(first, k.Broadcast(k.random, 8*w)))
		k.words = append(k.words, word)
		if k.many() {
			k.second = append(k.second, k.Broadcast(k.random, 8*w+4))
		} else {
			k.second = append(k.second, nil)
		}
	}
}

// many reports whether there are registers for constants.
func (k *storedKernel) many() bool { return k.Registers() > 16 }

// constant is bits in every lane: a register's where there are many, or else loaded.
func (k *storedKernel) constant(bits uint64) Reg {
	if v, ok := k.held[bits]; ok {
		return v
	}
	return k.Word(bits)
}

// start updates a pair of vectors, or as far as no quotient is needed.
func (k *storedKernel) start(prelude Reg) {
	es := k.elements(0)
	for _, o := range k.Row.Operands {
		if o.Read && o.Storage == table.BFloat16 {
			a, b := k.Widen(k.ptr[o.Name], 0, k.split)
			es[0].value[k.Operand(o.Name)], es[1].value[k.Operand(o.Name)] = a, b
		}
	}
	for _, e := range es {
		k.prelude(e, prelude)
	}
	words := k.store(es, k.Lines, nil, func() {
		for i, n := range k.carry {
			for u, e := range es {
				k.keep(2*i+u, e.get(n))
			}
		}
	})
	if k.randomLast {
		if words[0] == nil {
			words = k.wordsOf(0)
		}
		for u, w := range words {
			k.keep(2*len(k.carry)+u, w)
		}
	}
}

// finish divides the pair before.
func (k *storedKernel) finish() {
	es := k.elements(-2)
	for i, n := range k.carry {
		for u, e := range es {
			e.value[n] = k.kept(2*i + u)
		}
	}
	var words [2]Reg
	if k.randomLast {
		words = [2]Reg{k.kept(2 * len(k.carry)), k.kept(2*len(k.carry) + 1)}
	}
	k.store(es, k.last, &words, func() {})
}

// elements is the pair of vectors so many vectors from the operands' pointers.
func (k *storedKernel) elements(at int) []*element {
	return []*element{k.element(at * lanesOf(k)), k.element((at + 1) * lanesOf(k))}
}

// store computes lines, does what else needs their values, and stores them. It returns the random words of the first
// two operands if it has made them; they may be given.
func (k *storedKernel) store(es []*element, lines []program.Line, words *[2]Reg, then func()) [2]Reg {
	stores := map[string][]Reg{}
	for _, e := range es {
		for _, l := range lines {
			k.Comment(l.Text)
			v := e.get(l.Value)
			switch {
			case !l.Store:
			case k.operand[l.Dst].Storage == table.Element:
				k.Store(v, k.ptr[l.Dst], e.off*4)
			default:
				stores[l.Dst] = append(stores[l.Dst], k.own(l.Value, v))
			}
		}
	}
	then() // before random words need registers
	if len(stores) == 0 {
		return [2]Reg{}
	}
	k.canonical(stores)
	return k.round(stores, es[0].off*2, words)
}

// own is a value that may be changed: a scalar's register is everybody's.
func (k *storedKernel) own(n *program.Node, v Reg) Reg {
	if n.Op != program.Scalar && n.Op != program.Constant {
		return v
	}
	c := k.Vector()
	k.Move(c, v)
	return c
}

// prelude loads x and g of a vector, unless they have been widened, and runs the Prelude if there is any. Conversions
// have none.
func (k *storedKernel) prelude(e *element, code Reg) {
	k.ahead(e)
	if !k.isStep() {
		return
	}
	var at [2]Reg
	for i, name := range []string{"x", "g"} {
		n := k.Operand(name)
		if e.value[n] == nil {
			e.value[n] = k.Load(k.ptr[name], e.off*4)
		}
		at[i] = e.value[n]
	}
	k.Rarely("prelude", code, func() {
		inOut, clobbered := preludeRegisters(k, 1)
		k.Move(inOut[0], at[0])
		k.Move(inOut[1], at[1])
		k.CallShared(code, inOut, clobbered)
		k.Move(at[0], inOut[0])
		k.Move(at[1], inOut[1])
	})
}

// ahead fetches a vector's lines of what is read, some way ahead, where rounding takes many instructions: of these
// hardly more than a line's fit into a core's window, so that too few of its loads wait at a time. At 256 MB steps took
// a sixth less time (Emerald Rapids), encoding a third, and conversion to bfloat16 a tenth to a quarter. float16, one
// instruction, does not gain, and loses in L2.
func (k *storedKernel) ahead(e *element) {
	const far = 2048
	if dst := k.operand["dst"].Storage; !k.isStep() && dst != table.BFloat16 && dst != table.Block8 {
		return
	}
	for _, o := range k.Row.Operands {
		if at := e.off * o.Storage.Size(4); o.Read && at%lineBytes == 0 {
			k.PrefetchNext(k.ptr[o.Name], at+far)
		}
	}
}

// canonical makes every NaN of what is stored 0x7fc00000.
func (k *storedKernel) canonical(stores map[string][]Reg) {
	var all []Reg
	for _, o := range k.Row.Operands {
		all = append(all, stores[o.Name]...)
	}
	if len(all) == 0 {
		return
	}
	k.Rarely("nan", k.AnyNaN(all), func() {
		for _, v := range all {
			k.NoPayload(v, k.constant(0x7fc00000))
		}
	})
}

// wordsOf returns a random word of each lane of both vectors, and goes on to the next pair.
func (k *storedKernel) wordsOf(w int) (both [2]Reg) {
	lanes, golden := uint64(lanesOf(k)), uint64(goldenWord)
	next := [2]uint64{lanes, lanes} // from the first vector to the second, and to the next pair
	if k.split {
		next = [2]uint64{1, 2 * lanes}
	}
	both[0] = k.words[w]
	both[1] = k.AddInt(both[0], k.constant(uint64(uint32(next[0]*golden))))
	after := both[1]
	if k.split {
		after = both[0]
	}
	after = k.AddInt(after, k.constant(uint64(uint32(next[1]*golden))))
	for i := range both {
		both[i] = k.mix(both[i], w)
	}
	k.Move(k.words[w], after)
	return both
}

// mix is rule 15's word of what the first product is made of.
func (k *storedKernel) mix(w Reg, word int) Reg {
	w = k.MulInt(k.Xor(w, k.ShiftRight(w, 16)), k.constant(firstProduct))
	second := k.second[word]
	if second == nil {
		second = k.Broadcast(k.random, 8*word+4)
	}
	w = k.Xor3(k.ShiftRight(w, 15), w, second)
	w = k.MulInt(w, k.constant(secondProduct))
	return k.Xor(w, k.ShiftRight(w, 16))
}

// round rounds and stores what is of 16 bits, at an offset. It makes the random words that are not given, and returns
// the first.
func (k *storedKernel) round(stores map[string][]Reg, off int, given *[2]Reg) (first [2]Reg) {
	j, words, made := 0, [2]Reg{}, -1
	if given != nil {
		words, made = *given, 0
	}
	for _, o := range k.Row.Operands {
		stochastic := o.Stochastic(o.Storage) && !k.Nearest
		v := stores[o.Name]
		if v != nil {
			k.Comment("round " + o.Name)
			if stochastic && made != j/2 {
				words, made = k.wordsOf(j/2), j/2
				if made == 0 {
					first = words
				}
			}
			if o.Storage == table.Float16 {
				for i := range v {
					k.StoreFloat16(v[i], k.ptr[o.Name], off+i*2*lanesOf(k))
				}
				continue
			}
			for i := range v {
				v[i] = k.AddInt(v[i], k.below(v[i], words[i], stochastic, j))
			}
			k.Narrow(v[0], v[1], k.ptr[o.Name], off, k.split)
		}
		if stochastic {
			j++
		}
	}
	return first
}

// below is what rounding adds before the last 16 bits are dropped.
func (k *storedKernel) below(v, word Reg, stochastic bool, j int) Reg {
	switch {
	case !stochastic:
		return k.AddInt(k.AndBits(k.ShiftRight(v, 16), k.constant(1)), k.constant(0x7fff))
	case j%2 == 0:
		return k.AndBits(word, k.constant(0xffff))
	}
	return k.ShiftRight(word, 16)
}

// storedSteps emits all variants of a step, and conversionsOf those of conversions.
func storedSteps(m Machine, row table.Row) { emitStored(m, variants(row)) }
func conversionsOf(m Machine)              { emitStored(m, conversions()) }

func emitStored(m Machine, all []variant) {
	for _, v := range all {
		if storedHas(m, v) {
			stored(m.(storing), v)
		}
	}
}

// What templates see of variants.

// A variantView is a variant on one instruction set.
type variantView struct{ Cases, Function, Args string }

// Variants lists those that an instruction set has, of steps and then conversions: what the variant of a storedCall is,
// and the call at an element.
func (v view) Variants(s isa) (all []variantView) {
	m := s.New(newFile(s.Arch), s, 4)
	add := func(work string, of []variant) {
		for _, va := range of {
			if storedHas(m, va) {
				all = append(all, va.view(work, s))
			}
		}
	}
	for _, r := range v.StepRows() {
		add("id"+r.Name(), variants(r.Row))
	}
	for _, va := range conversions() {
		add(lower(va.Row.Name), []variant{va})
	}
	return all
}

func (v variant) view(work string, s isa) variantView {
	var cases []string
	for _, key := range v.Keys {
		cases = append(cases, fmt.Sprintf("int(%s)*variants + %d", work, key))
	}
	args := []string{"n"}
	if v.isStep() {
		args = append(args, "coef")
	}
	args = append(args, "&random[0]")
	for i, o := range v.Row.Operands {
		t := strings.Replace(storedType[o.Storage], "T", "float32", 1)
		args = append(args, fmt.Sprintf("storedAt[%s](c, %d, lo)", t, i))
	}
	for i, o := range v.Row.Operands {
		if o.Storage == table.Block8 {
			args = append(args, fmt.Sprintf("scaleAt(c, %d, lo)", i))
		}
	}
	return variantView{strings.Join(cases, ", "), symbolOf(v.Row.Name+v.Suffix, 4, s.Const), strings.Join(args, ", ")}
}

// MaxVariants is how many variants a step can have.
func (v view) MaxVariants() int { return 2 * len(table.Forms) }

// Conversions are the names of the conversions.
func (v view) Conversions() (names []string) {
	for _, c := range table.Conversions {
		names = append(names, lower(c.Name))
	}
	return names
}
