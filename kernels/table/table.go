// Package table is the one list of the element-wise kernels and reductions: what everything about a kernel but
// its definition is derived from. It stands apart from the definitions, in package kernels, because their
// coefficient structs are made from it.
package table

// A Kind says how a kernel is called and what assembly it needs.
type Kind uint8

const (
	Step      Kind = iota // an optimizer's update: operands, then a coefficient struct with a Prelude
	Map                   // an element-wise vector operation: operands, then scalars
	Reduction             // operands to one value, in the order of rule 7
)

// A Storage is how the elements of an operand lie in memory. Arithmetic is in the element type T whatever
// the storage: a load widens exactly, and a store rounds by a rule that the storage states, rule 14. Rows name the
// first two; the others are those of [Forms] and [Conversions], where T is float32.
type Storage uint8

const (
	Element  Storage = iota // T itself
	Byte                    // uint8, a number from 0 to 255; read only
	BFloat16                // the first 16 bits of a float32; rounds to nearest even, or stochastically
	Block8                  // 8 bits, and 8 more for the scale of each [Block]; rounds likewise
	Float16                 // IEEE 754's binary16; rounds to nearest even; of conversions alone
)

// An Operand is one slice argument of a kernel.
type Operand struct {
	Name        string
	Read, Write bool
	Storage     Storage
	NonNegative bool // by its meaning: a mean of squares, say. Tests give it no negative numbers
	Slow        bool // a step may move it by little: a mean with beta of .98 and more, a sum, other parameters
}

// A Row describes one kernel to everything that is derived from the table: the generator (assembly,
// dispatch, public functions, coefficient structs and their constructors), the tests, the fuzzer, the golden
// hashes, NumPy's check, the benchmarks and the table in README.md.
//
// To add a kernel: write its definition in package kernels and its row here; then run go generate ./... and the
// tests. CONTRIBUTING.md shows one.
type Row struct {
	Name     string
	Kind     Kind
	Operands []Operand // in the order of the arguments

	// Scalars are NAME=VALUE or NAME=FORMULA each, in the order of the coefficient struct (Step) or of the
	// arguments (Map). With a value the name is a hyperparameter, and the value what tests and benchmarks
	// run it with. A formula derives a scalar of a Step from hyperparameters and t, the number of the step from
	// 1, by rule 6. A hyperparameter that the lines do not name serves formulas only.
	Scalars []string

	// Lines are the definition per element. They are the program that assembly is made of, each operation
	// rounding once, and what documentation prints: assignments to operands (a store), to the lane of a
	// Reduction, or to names of their own. An operand's name is what was last assigned to it; an assignment
	// that nothing reads is a mistake. There are + - * / with the usual precedence, sqrt, exp, sign, fma(a, b, c),
	// |a|, a > b ? c : d and a < b ? c : d (d unless the comparison holds), 0 and 1, and max(lane, |a|), the larger by
	// its bits. (1-s) and (1+s) of a hyperparameter s of a Step are scalars of their own, by rule 6, which stand
	// behind s in the struct. A Step has operands x+ and g, which its Prelude works on.
	Lines []string
}

// Rows is the one list of the element-wise kernels and reductions. (Gemm and Gemv, whose operands are
// matrices, are the only kernels outside it.)
var Rows = []Row{
	step("SGD", "x+ g", "lr=0.01",
		"x = x - lr*g"),
	step("Momentum", "x+ v+ g", "rho=0.9 lr=0.01",
		"v = rho*v + g",
		"x = x - lr*v"),
	step("MomentumVelocity", "x+ v~+ g", "rho=0.99 lr=0.01",
		"v = rho*v - lr*g",
		"x = x + v"),
	step("Nesterov", "x+ v+ g", "rho=0.9 lr=0.01",
		"u = v",
		"v = rho*v - lr*g",
		"x = (x - rho*u) + (1+rho)*v"),
	step("NesterovTorch", "x+ v+ g", "rho=0.9 lr=0.01",
		"v = rho*v + g",
		"x = x - lr*(g + rho*v)"),
	step("AdaGrad", "x+ s≥+ g", "lr=0.01 eps=1e-7",
		"s = s + g*g",
		"x = x - (lr*g)/(sqrt(s)+eps)"),
	step("RMSProp", "x+ s≥+ g", "decay=0.99 lr=0.01 eps=1e-7",
		"s = decay*s + ((1-decay)*g)*g",
		"x = x - (lr*g)/(sqrt(s)+eps)"),
	step("RMSPropMomentum", "x+ s≥+ b+ g", "decay=0.99 rho=0.9 lr=0.01 eps=1e-7",
		"s = decay*s + ((1-decay)*g)*g",
		"b = rho*b + g/(sqrt(s)+eps)",
		"x = x - lr*b"),
	step("RMSPropCentered", "x+ s≥+ m~+ g", "decay=0.99 lr=0.01 eps=1e-7",
		"s = decay*s + ((1-decay)*g)*g",
		"m = decay*m + (1-decay)*g",
		"x = x - (lr*g)/(sqrt(s-m*m)+eps)"),
	step("RMSPropCenteredMomentum", "x+ s≥+ m~+ b+ g", "decay=0.99 rho=0.9 lr=0.01 eps=1e-7",
		"s = decay*s + ((1-decay)*g)*g",
		"m = decay*m + (1-decay)*g",
		"b = rho*b + g/(sqrt(s-m*m)+eps)",
		"x = x - lr*b"),
	step("Adam", "x+ m+ v≥+ g", adams,
		"m = beta1*m + (1-beta1)*g",
		"v = beta2*v + ((1-beta2)*g)*g",
		"x = x - (alpha*m)/(sqrt(unbias*v)+eps)"),
	step("AMSGrad", "x+ m+ v≥+ vmax≥+ g", adams,
		"m = beta1*m + (1-beta1)*g",
		"v = beta2*v + ((1-beta2)*g)*g",
		"vmax = vmax > v ? vmax : v",
		"x = x - (alpha*m)/(sqrt(unbias*vmax)+eps)"),
	step("Lion", "x+ m~+ g", "beta1=0.9 beta2=0.99 lr=1e-4",
		"u = beta1*m + (1-beta1)*g",
		"x = x - lr*sign(u)",
		"m = beta2*m + (1-beta2)*g"),

	step("Adadelta", "x+ s≥+ d≥+ g", "decay=0.9 lr=1 eps=1e-6",
		"s = decay*s + ((1-decay)*g)*g",
		"u = sqrt((d+eps)/(s+eps))*g",
		"d = decay*d + ((1-decay)*u)*u",
		"x = x - lr*u"),
	step("Adamax", "x+ m+ u≥+ g", "beta1=0.9 beta2=0.999 lr=2e-3 alpha=lr/(1-beta1^t) eps=1e-8",
		"m = beta1*m + (1-beta1)*g",
		"u = beta2*u",
		"a = |g| + eps",
		"u = u > a ? u : a",
		"x = x - (alpha*m)/u"),
	step("NAdam", "x+ m+ v≥+ g", "beta1=0.9 beta2=0.999 alpha=2e-3 gamma=3e-4 unbias=1/(1-beta2^t) eps=1e-8",
		"m = beta1*m + (1-beta1)*g",
		"v = beta2*v + ((1-beta2)*g)*g",
		"x = x - (alpha*m + gamma*g)/(sqrt(unbias*v)+eps)"),
	step("ASGD", "x+ a~+ g", "lr=0.01 decay=1e-4 mu=0.5 shrink=1-lr*decay",
		"x = shrink*x - lr*g",
		"a = a + mu*(x - a)"),
	step("Rprop", "x+ p+ s≥+ g", "up=1.2 down=0.5 least=1e-6 most=50",
		"w = p*g",
		"f = w > 0 ? up : 1",
		"f = w < 0 ? down : f",
		"s = f*s",
		"s = least > s ? least : s",
		"s = most < s ? most : s",
		"p = w < 0 ? 0 : g",
		"x = x - sign(p)*s"),

	step("AdaBelief", "x+ m+ s≥+ g", adams,
		"m = beta1*m + (1-beta1)*g",
		"d = g - m",
		"s = (beta2*s + ((1-beta2)*d)*d) + eps",
		"x = x - (alpha*m)/(sqrt(unbias*s)+eps)"),
	step("Yogi", "x+ m+ v≥+ g", adams,
		"m = beta1*m + (1-beta1)*g",
		"q = g*g",
		"v = v - ((1-beta2)*q)*sign(v-q)",
		"x = x - (alpha*m)/(sqrt(unbias*v)+eps)"),
	step("Adan", "x+ m~+ v+ s≥+ p+ g", "beta1=0.98 beta2=0.92 beta3=0.99 lr=1e-3 alpha=lr/(1-beta1^t) "+
		"gamma=lr*beta2/(1-beta2^t) unbias=1/(1-beta3^t) eps=1e-7",
		"d = g - p",
		"u = g + beta2*d",
		"m = beta1*m + (1-beta1)*g",
		"v = beta2*v + (1-beta2)*d",
		"s = beta3*s + ((1-beta3)*u)*u",
		"x = x - (alpha*m + gamma*v)/(sqrt(unbias*s)+eps)",
		"p = g"),
	step("ADOPT", "x+ m+ v≥+ g", "beta1=0.9 beta2=0.9999 lr=1e-3 eps=1e-6 limit=1.5 least=0-limit",
		"r = sqrt(v)",
		"d = r > eps ? r : eps",
		"n = g/d",
		"n = least > n ? least : n",
		"n = limit < n ? limit : n",
		"m = beta1*m + (1-beta1)*n",
		"x = x - lr*m",
		"v = beta2*v + ((1-beta2)*g)*g"),
	step("AdEMAMix", "x+ m+ l~+ v≥+ g", "beta1=0.9 beta2=0.999 beta3=0.9999 lr=1e-3 mix=5 alpha=lr/(1-beta1^t) "+
		"gamma=lr*mix unbias=1/(1-beta2^t) eps=1e-7",
		"m = beta1*m + (1-beta1)*g",
		"l = beta3*l + (1-beta3)*g",
		"v = beta2*v + ((1-beta2)*g)*g",
		"x = x - (alpha*m + gamma*l)/(sqrt(unbias*v)+eps)"),
	step("ScheduleFree", "x+ z~+ a~+ g", "lr=0.01 decay=1e-4 beta=0.9 weight=0.25",
		"z = (z - decay*x) - lr*g",
		"a = a + weight*(z-a)",
		"x = a + (1-beta)*(z-a)"),
	step("ScheduleFreeAdam", "x+ z~+ a~+ v≥+ g", "beta2=0.999 lr=1e-3 decay=1e-4 beta=0.9 weight=0.25 "+
		"unbias=1/(1-beta2^t) eps=1e-7",
		"v = beta2*v + ((1-beta2)*g)*g",
		"z = (z - decay*x) - (lr*g)/(sqrt(unbias*v)+eps)",
		"a = a + weight*(z-a)",
		"x = a + (1-beta)*(z-a)"),
	step("Sophia", "x+ m+ h g", "beta1=0.96 lr=1e-4 gamma=0.01 eps=1e-12 limit=1 least=0-limit",
		"m = beta1*m + (1-beta1)*g",
		"d = gamma*h",
		"d = d > eps ? d : eps",
		"u = m/d",
		"u = least > u ? least : u",
		"u = limit < u ? limit : u",
		"x = x - lr*u"),
	step("MADGRAD", "x+ s~+ v≥+ start g", "rate=0.01 floor=1e-36 rho=0.9 eps=1e-6",
		"s = s + rate*g",
		"v = v + (rate*g)*g",
		"w = v > floor ? v : floor",
		"a = sqrt(sqrt(w))",
		"b = sqrt(sqrt(a))",
		"c = sqrt(sqrt(b))",
		"d = sqrt(sqrt(c))",
		"r = (a*b)*(c*d)",
		"q = (r*r)*r",
		"r = r + r*((w-q)/((q+q)+w))",
		"q = (r*r)*r",
		"r = r + r*((w-q)/((q+q)+w))",
		"q = (r*r)*r",
		"r = r + r*((w-q)/((q+q)+w))",
		"x = rho*x + (1-rho)*(start - s/(r+eps))"),

	vector("Axpy", "y+ x", "a=0.7", "y = y + a*x"),
	vector("Axpby", "y+ x", "a=0.7 b=-1.3", "y = a*x + b*y"),
	vector("Scale", "x+", "a=0.7", "x = a*x"),
	vector("Add", "z- x y", "", "z = x + y"),
	vector("Sub", "z- x y", "", "z = x - y"),
	vector("Mul", "z- x y", "", "z = x*y"),
	vector("Clip", "x+", "lo=-0.25 hi=0.5", "x = lo > x ? lo : x", "x = hi < x ? hi : x"),
	vector("FromBytes", "dst- src:u8 offset", "scale=0.0078125", "dst = scale*src - offset"),
	vector("DivRoot", "u- g v≥", "a=0.7 least=0.0009765625", "w = a*v", "w = least > w ? least : w", "u = g/sqrt(w)"),
	vector("ExpSlice", "x+", "", "x = exp(x)"),

	reduction("Dot", "x y", "lane = fma(x, y, lane)"),
	reduction("Sum", "x", "lane = lane + x"),
	reduction("SumAbs", "x", "lane = lane + |x|"),
	reduction("SumSquares", "x", "lane = fma(x, x, lane)"),
	reduction("MaxAbs", "x", "lane = max(lane, |x|)"),
}

// The bias corrections of Kingma and Ba (2015) as factors, so that a step divides once.
const adams = "beta1=0.9 beta2=0.999 lr=1e-3 alpha=lr/(1-beta1^t) unbias=1/(1-beta2^t) eps=1e-7"

// Preludes are the lines of a kernels.Prelude, which stands before a Step's own, by the Use that turns them on. Their
// scalars are the Prelude's fields, in the order of their first use.
var Preludes = []struct {
	Use   Use
	Lines []string
}{
	{UseScale, []string{"g = scale*g"}},
	{UseClip, []string{"g = lo > g ? lo : g", "g = hi < g ? hi : g"}},
	{UseL2, []string{"g = g + l2*x"}},
	{UseKeep, []string{"x = keep*x"}},
}

// Use selects the lines of a kernels.Prelude that run.
type Use uint32

const (
	UseScale Use = 1 << iota // g = scale*g
	UseClip                  // g = lo > g ? lo : g, then g = hi < g ? hi : g
	UseL2                    // g = g + l2*x
	UseKeep                  // x = keep*x
	Uses                     // how many combinations there are: every Use is below it
)
