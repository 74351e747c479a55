package kernels

// A Kind says how a kernel is called and what assembly it needs.
type Kind uint8

const (
	Step      Kind = iota // an optimizer's update: operands, then a coefficient struct with a Prelude
	Map                   // an element-wise vector operation: operands, then scalars
	Reduction             // operands to one value, in the order of rule 7
)

// An Operand is one slice argument of a kernel.
type Operand struct {
	Name        string
	Read, Write bool
}

// A Row describes one kernel to everything that is derived from the table: the generator (public
// functions, dispatch, assembly), the tests, the fuzzer, the golden hashes, the benchmarks and the
// table in README.md.
//
// To add a kernel: write its definition in this package, its row here, and its program in asmgen;
// then run go generate ./... and the tests.
type Row struct {
	Name     string
	Kind     Kind
	Operands []Operand // in the order of the arguments
	Coef     string    // Step: the name of the coefficient struct
	Scalars  []string  // the scalars in the order of the struct's fields (Step) or of the arguments (Map)
	Lines    []string  // the definition per element, as the documentation and the assembly print it
}

// Table is the one list of the element-wise kernels and reductions. (Gemm and Gemv, whose operands are
// matrices, and FromBytes, which reads bytes, are the only kernels outside it.)
var Table = []Row{
	step("SGD", "x+ g", "LR",
		"x = x - lr*g"),
	step("Momentum", "x+ v+ g", "Rho LR",
		"v = rho*v + g",
		"x = x - lr*v"),
	step("MomentumVelocity", "x+ v+ g", "Rho LR",
		"v = rho*v - lr*g",
		"x = x + v"),
	step("Nesterov", "x+ v+ g", "Rho OnePlusRho LR",
		"u = v",
		"v = rho*v - lr*g",
		"x = (x - rho*u) + (1+rho)*v"),
	step("NesterovTorch", "x+ v+ g", "Rho LR",
		"v = rho*v + g",
		"x = x - lr*(g + rho*v)"),
	step("AdaGrad", "x+ s+ g", "LR Eps",
		"s = s + g*g",
		"x = x - (lr*g)/(sqrt(s)+eps)"),
	step("RMSProp", "x+ s+ g", "Decay OneMinusDecay LR Eps",
		"s = decay*s + ((1-decay)*g)*g",
		"x = x - (lr*g)/(sqrt(s)+eps)"),
	step("RMSPropMomentum", "x+ s+ b+ g", "Decay OneMinusDecay Rho LR Eps",
		"s = decay*s + ((1-decay)*g)*g",
		"b = rho*b + g/(sqrt(s)+eps)",
		"x = x - lr*b"),
	step("RMSPropCentered", "x+ s+ m+ g", "Decay OneMinusDecay LR Eps",
		"s = decay*s + ((1-decay)*g)*g",
		"m = decay*m + (1-decay)*g",
		"x = x - (lr*g)/(sqrt(s-m*m)+eps)"),
	step("RMSPropCenteredMomentum", "x+ s+ m+ b+ g", "Decay OneMinusDecay Rho LR Eps",
		"s = decay*s + ((1-decay)*g)*g",
		"m = decay*m + (1-decay)*g",
		"b = rho*b + g/(sqrt(s-m*m)+eps)",
		"x = x - lr*b"),
	step("Adam", "x+ m+ v+ g", "Beta1 OneMinusBeta1 Beta2 OneMinusBeta2 Alpha Unbias Eps",
		"m = beta1*m + (1-beta1)*g",
		"v = beta2*v + ((1-beta2)*g)*g",
		"x = x - (alpha*m)/(sqrt(unbias*v)+eps)"),
	step("AMSGrad", "x+ m+ v+ vmax+ g", "Beta1 OneMinusBeta1 Beta2 OneMinusBeta2 Alpha Unbias Eps",
		"m = beta1*m + (1-beta1)*g",
		"v = beta2*v + ((1-beta2)*g)*g",
		"vmax = vmax > v ? vmax : v",
		"x = x - (alpha*m)/(sqrt(unbias*vmax)+eps)"),
	step("Lion", "x+ m+ g", "Beta1 OneMinusBeta1 Beta2 OneMinusBeta2 LR",
		"u = beta1*m + (1-beta1)*g",
		"x = x - lr*sign(u)",
		"m = beta2*m + (1-beta2)*g"),

	vector("Axpy", "y+ x", "a", "y = y + a*x"),
	vector("Axpby", "y+ x", "a b", "y = a*x + b*y"),
	vector("Scale", "x+", "a", "x = a*x"),
	vector("Add", "z- x y", "", "z = x + y"),
	vector("Sub", "z- x y", "", "z = x - y"),
	vector("Mul", "z- x y", "", "z = x*y"),
	vector("Clip", "x+", "lo hi", "x = lo > x ? lo : x", "x = hi < x ? hi : x"),

	reduction("Dot", "x y", "lane = fma(x, y, lane)"),
	reduction("Sum", "x", "lane = lane + x"),
	reduction("SumAbs", "x", "lane = lane + |x|"),
	reduction("SumSquares", "x", "lane = fma(x, x, lane)"),
	reduction("MaxAbs", "x", "lane = max(lane, |x|)"),
}
