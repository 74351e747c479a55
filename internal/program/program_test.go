package program

import (
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/kernels/table"
)

// Every row of the table parses, and its samples cover what its scalars are made of.
func TestTable(t *testing.T) {
	programs, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		for _, s := range p.Scalars {
			if _, err := s.Go(); err != nil {
				t.Errorf("%s: %v", p.Row.Name, err)
			}
		}
	}
	seen := map[string]bool{} // the generator takes scalar i for line i
	lines, scalars := Prelude()
	for _, l := range lines {
		if name := l.Scalars[0].Name; len(l.Scalars) != 1 || seen[name] {
			t.Errorf("%q has the scalars %v, want one of its own", l.Lines[0].Text, l.Scalars)
		} else {
			seen[name] = true
		}
	}
	if len(scalars) != len(lines) {
		t.Errorf("%d lines of a prelude have %d scalars", len(lines), len(scalars))
	}
}

// step is a row of kind Step.
func step(scalars string, lines ...string) table.Row {
	return table.Row{Name: "Test", Kind: table.Step, Scalars: strings.Fields(scalars), Lines: lines,
		Operands: []table.Operand{{Name: "x", Read: true, Write: true}, {Name: "m", Read: true, Write: true},
			{Name: "g", Read: true}}}
}

// show writes an expression with all its parentheses.
func show(n *Node) string {
	switch n.Op {
	case Operand, Scalar, Constant, Lane:
		return n.Name
	case Add, Sub, Mul, Div:
		return "(" + show(n.Args[0]) + n.Op.String() + show(n.Args[1]) + ")"
	}
	var args []string
	for _, a := range n.Args {
		args = append(args, show(a))
	}
	return n.Op.String() + "(" + strings.Join(args, ", ") + ")"
}

// Precedence and association are those that the table documents: rounding depends on them.
func TestExpressions(t *testing.T) {
	for text, want := range map[string]string{
		"x - a*g*m":             "(x-((a*g)*m))",
		"x - a*(g*m)":           "(x-(a*(g*m)))",
		"x + g - m":             "((x+g)-m)",
		"x - (a*m)/(sqrt(g)+b)": "(x-((a*m)/(sqrt(g)+b)))",
		"x*g/m":                 "((x*g)/m)",
		"|x - g|*m":             "(abs((x-g))*m)",
		"x > g ? x : g":         "larger(x, g)",
		"x < g*m ? x : g*m":     "smaller(x, (g*m))",
		"x > g ? a : 1":         "select(x, g, a, 1)",
		"x < 0 ? m : g*m":       "select(0, x, m, (g*m))",
		"x > g ? g : x":         "select(x, g, g, x)",
		"fma(x, g, m)":          "fma(x, g, m)",
		"(1-a)*g + (1+b)*m + x": "((((1-a)*g)+((1+b)*m))+x)",
	} {
		p := &Program{Ops: map[Op]bool{}, nodes: map[string]*Node{}, scalars: map[string]bool{"a": true, "b": true},
			env: map[string]*Node{}}
		for _, name := range []string{"x", "g", "m"} {
			p.env[name] = p.Operand(name)
		}
		n, err := p.parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := strings.NewReplacer("(1-a)", "1-a", "(1+b)", "1+b").Replace(show(n))
		if want := strings.NewReplacer("(1-a)", "1-a", "(1+b)", "1+b").Replace(want); got != want {
			t.Errorf("%s is read as %s, want %s", text, got, want)
		}
	}
}

// Equal expressions are one node, and a name is what was last assigned to it.
func TestValues(t *testing.T) {
	p, err := Parse(step("a=1", "u = m", "m = (1-a)*g + u", "x = x - a*((1-a)*g) - u*m"))
	if err != nil {
		t.Fatal(err)
	}
	m, x := p.Lines[1].Value, p.Lines[2].Value
	if got, want := show(x), "((x-(a*(1-a*g)))-(m*((1-a*g)+m)))"; got != want {
		t.Errorf("x = %s, want %s", got, want)
	}
	if share := x.Args[0].Args[1].Args[1]; share != m.Args[0] {
		t.Error("(1-a)*g is computed twice")
	}
	if x.Args[1].Args[1] != m {
		t.Error("m in the last line is not what the line before assigned")
	}
	p, err = Parse(step("a=1", "x = a*x", "m = m + g", "x = x + m"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Lines[0].Store || !p.Lines[2].Store {
		t.Error("x is stored by another line than the last that assigns to it")
	}
}

// Scalars stand in the struct as declared, each followed by what the lines derive from it.
func TestScalars(t *testing.T) {
	p, err := Parse(step("b=0.5 lr=2 c=lr/(1-b^t) d=lr*b*b", "m = b*m + (1-b)*g", "x = x - c*m + d"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"B: h.B", "OneMinusB: 1 - h.B", "C: float64(h.LR / (1 - PowInt(h.B, t)))",
		"D: float64(float64(h.LR * h.B) * h.B)"}
	for i, s := range p.Scalars {
		text, err := s.Go()
		if err != nil || i >= len(want) || s.Field()+": "+text != want[i] {
			t.Errorf("scalar %d is %s: %s (%v), want %v", i, s.Field(), text, err, want)
		}
	}
	if len(p.Scalars) != len(want) || !p.UsesStep() || len(p.Hypers) != 2 || p.Hypers[1] != (Hyper{"lr", 2}) {
		t.Errorf("scalars %v, hyperparameters %v, uses the step: %v", p.Scalars, p.Hypers, p.UsesStep())
	}
}

// A row with a mistake is an error that names it.
func TestMistakes(t *testing.T) {
	row := func(kind table.Kind, operand, scalars string, lines ...string) table.Row {
		r := step(scalars, lines...)
		r.Kind = kind
		r.Operands = []table.Operand{{Name: operand, Read: true, Write: kind != table.Reduction}}
		return r
	}
	for want, row := range map[string]table.Row{
		`line "x = x + y": y is no scalar`:     step("", "x = x + y", "m = g"),
		`no line assigns to m`:                 step("", "x = x + g + m"),
		`no line reads g`:                      step("", "x = x + m", "m = m + m"),
		`no line uses the scalar a`:            step("a=1", "x = x + m", "m = g"),
		`assigns to g, which is only read`:     step("", "g = x"),
		`is no assignment`:                     step("", "x + m"),
		`"g" is left over`:                     step("", "x = x + m g", "m = g"),
		`scalar "lr", want NAME=VALUE`:         step("lr", "x = x"),
		`q is no hyperparameter`:               step("a=q/2", "x = a*x"),
		`no function log`:                      step("", "x = log(m)"),
		`max of other than a lane`:             step("", "x = max(x, m)"),
		`(1-c): c is no hyperparameter`:        step("a=1 c=a*a", "x = (1-c)*x", "m = m + g"),
		`want an operand, a scalar`:            step("", "x = x + "),
		`line "x = 2*x": "2", want an operand`: step("", "x = 2*x"),
		`":", want "?"`:                        step("", "x = x > m : g", "m = g"),
		`line "a = x" assigns to the scalar a`: step("a=1", "a = x"),
		// Signs outside ASCII, of which the first byte alone would pass for a letter.
		`"− g" is left over`: step("", "x = x − g"),
		`"× g" is left over`: step("", "x = x×g"),

		`"m = x*g" is in vain: nothing reads m before`: step("", "m = x*g", "m = g", "x = x + m"),
		`line "u = x*g" is in vain: nothing reads u`:   step("", "u = x*g", "x = x + g", "m = m + g"),
		`scalar a: formula "lr*t"`:                     step("lr=1 a=lr*t", "x = a*x"),
		`scalar a: formula "lr*(2"`:                    step("lr=1 a=lr*(2", "x = a*x"),
		`want operands x+ and g`:                       row(table.Step, "x", "", "x = x + x"),
		`scalar c: those of a vector operation`:        row(table.Map, "x", "a=1 c=a*a", "x = c*x"),
		`scalar 1-a: those of a vector operation`:      row(table.Map, "x", "a=1", "x = (1-a)*x"),
		`a reduction has none`:                         row(table.Reduction, "x", "a=1", "lane = a*x + lane"),
		`one assignment to lane, of lane`:              row(table.Reduction, "x", "", "lane = x"),
		`operand "x+" is no name`:                      row(table.Map, "x+", "", "x = x"),
	} {
		_, err := Parse(row)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %s", row.Lines, err, want)
		}
	}
}

// A formula that Go would compute in another way than rule 6 says is an error.
func TestFormulas(t *testing.T) {
	for _, formula := range []string{"1/2*lr", "lr*(2+3)", "lr^2", "lr*", "(lr", "lr)", "2e", "lr lr", "010*lr"} {
		if text, err := (ScalarDef{"a", formula}).Go(); err == nil {
			t.Errorf("%s is read as %s", formula, text)
		}
	}
}
