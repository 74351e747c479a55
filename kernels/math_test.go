package kernels

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/bitstep-go/bitstep/internal/num"
)

// A worst is the largest error seen.
type worst struct {
	t        *testing.T
	name     string
	bound, x float64
	ulps     float64
	n        int
}

func (w *worst) see(x, got float64, want *big.Float) {
	w.t.Helper()
	d := ulps(got, want)
	if w.n++; d > w.ulps {
		w.ulps, w.x = d, x
	}
	if !(d < w.bound) {
		w.t.Errorf("%s(%x) = %x, want %.20g: %.3f ulp, want below %v", w.name, x, got, want, d, w.bound)
	}
}

func (w *worst) log() {
	w.t.Logf("%s: at most %.4f ulp, at %x, of %d arguments", w.name, w.ulps, w.x, w.n)
	if w.n < 1000 {
		w.t.Errorf("%s: only %d arguments", w.name, w.n)
	}
}

// around calls f with x and the n float64 before and after it.
func around(x float64, n int, f func(float64)) {
	b := int64(math.Float64bits(x))
	for i := -n; i <= n; i++ {
		if y := math.Float64frombits(uint64(b + int64(i))); num.Finite(y) {
			f(y)
		}
	}
}

// anyFloat returns a finite float64 with random bits.
func anyFloat(r *rand.Rand) float64 {
	for {
		if x := math.Float64frombits(r.Uint64()); num.Finite(x) {
			return x
		}
	}
}

func TestExpError(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	w := &worst{t: t, name: "Exp", bound: 0.56}
	s := &worst{t: t, name: "Exp, subnormal results", bound: 0.8}
	check := func(x float64) {
		got, want := Exp(x), bigExp(bigFloat(x))
		if want.MantExp(nil) > 1024 {
			if !math.IsInf(got, 1) {
				t.Errorf("Exp(%x) = %v, want +Inf", x, got)
			}
			return
		}
		if want.MantExp(nil) < -1021 {
			s.see(x, got, want)
			return
		}
		w.see(x, got, want)
	}
	for range 5000 {
		check(r.Float64()*1456 - 746)
		check(r.Float64()*2 - 1)
		check(math.Ldexp(r.Float64()-0.5, -r.IntN(60)))
		check(-709 - 37*r.Float64())
	}
	for k := -1076; k <= 1025; k++ { // where the multiple of ln 2 changes, and where r is close to 0
		around((float64(k)+0.5)*math.Ln2, 2, check)
		around(float64(k)*math.Ln2, 1, check)
	}
	around(0x1.62e42fefa39efp+9, 20, check)  // the last that is finite
	around(-0x1.6232bdd7abcd2p+9, 20, check) // the last that is normal
	around(-0x1.74910d52d3051p+9, 20, check) // the last that is not 0
	for _, x := range []float64{0, 5e-324, -5e-324, 0x1p-53, -0x1p-53, 0x1p-54, 710, 710.5, -746, -746.5, -745.2} {
		check(x)
	}
	w.log()
	s.log()
}

func TestLogError(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	w := &worst{t: t, name: "Log", bound: 0.8}
	check := func(x float64) {
		if x > 0 {
			w.see(x, Log(x), bigLog(bigFloat(x)))
		}
	}
	for range 4000 {
		check(math.Abs(anyFloat(r)))
		check(r.Float64() + 0x1p-60)
		check(0.65 + r.Float64())
		check(1 + math.Ldexp(r.Float64()-0.5, -r.IntN(54)))
		check(float64(1+r.Uint64N(1<<52)) * 0x1p-1074)
	}
	for k := -1074; k < 1024; k++ { // where k changes, and where f is close to 0
		around(math.Ldexp(math.Sqrt2, k), 2, check)
		around(math.Ldexp(1, k), 1, check)
	}
	around(1, 100, check)
	around(math.E, 10, check)
	around(0x1p-1022, 10, check)
	check(math.MaxFloat64)
	check(5e-324)
	w.log()
}

// closest calls f with the float64 of each exponent in [1/2, MaxFloat64] that come closest to a multiple of
// pi/2. With x = m 2^e these are the m whose m (2^e 2/pi) is closest to an integer: multiples of
// denominators of convergents of the continued fraction of 2^e 2/pi, by Lagrange's theorem.
func closest(f func(float64)) {
	for e := -53; e <= 971; e++ {
		num := new(big.Int).Lsh(big.NewInt(1), piBits+1)
		den := new(big.Int).Set(piFixed())
		if e >= 0 {
			num.Lsh(num, uint(e))
		} else {
			den.Lsh(den, uint(-e))
		}
		for q0, q1 := new(big.Int), big.NewInt(1); q1.BitLen() <= 53; { // the last two denominators
			if q := q1.Uint64(); q >= 1<<45 {
				for m := q * ((1<<52 + q - 1) / q); m < 1<<53; m += q {
					f(math.Ldexp(float64(m), e))
				}
			}
			num, den = den, num.Mod(num, den)
			a := new(big.Int).Div(num, den)
			q0, q1 = q1, a.Add(a.Mul(a, q1), q0)
		}
	}
}

func TestSinCosError(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	ws, wc := &worst{t: t, name: "Sin", bound: 0.67}, &worst{t: t, name: "Cos", bound: 0.67}
	check := func(x float64) {
		sin, cos := bigSinCos(x)
		ws.see(x, Sin(x), sin)
		wc.see(x, Cos(x), cos)
	}
	for range 4000 {
		check(r.Float64()*8 - 4)
		check(r.Float64() * math.Pi / 4)
		check(r.Float64() * 1000)
		check(anyFloat(r))
	}
	for n := 1; n < 2000; n++ {
		around(float64(n)*math.Pi/4, 2, check)
	}
	for range 500 {
		check(math.Ldexp(r.Float64(), -r.IntN(1074)))
		around(math.Float64frombits(r.Uint64()>>2|1<<62)*math.Pi, 1, check)
	}
	around(math.Pi/4, 50, check)
	around(0x1p-27, 10, check)
	check(math.MaxFloat64)
	check(5e-324)
	ws.log()
	wc.log()
}

// The reduction's bound on the distance to a multiple of pi/2 holds for the closest float64 of each
// exponent, and its result there has the accuracy that it claims.
func TestReduceClosest(t *testing.T) {
	n, least := 0, math.Inf(1)
	ws, wc := &worst{t: t, name: "Sin", bound: 0.67}, &worst{t: t, name: "Cos", bound: 0.67}
	relative := 0.
	closest(func(x float64) {
		n++
		quadrant, y, tail := reduce(x)
		want, r := bigReduce(x)
		if int64(quadrant) != want {
			t.Fatalf("reduce(%x) gives the quadrant %d, want %d", x, quadrant, want)
		}
		d := newBig().Sub(newBig().Add(bigFloat(y), bigFloat(tail)), r)
		v, _ := d.Quo(d, r).Float64()
		relative = max(relative, math.Abs(v))
		least = min(least, math.Abs(y))
		if math.Abs(y) < 0x1p-50 {
			sin, cos := bigSinCos(x)
			ws.see(x, Sin(x), sin)
			wc.see(x, Cos(x), cos)
		}
	})
	t.Logf("%d arguments, the closest at 2^%.2f pi/2, relative error 2^%.1f", n,
		math.Log2(least/(math.Pi/2)), math.Log2(relative))
	if least < 0x1p-62*math.Pi/2 {
		t.Errorf("an argument is %v from a multiple of pi/2", least)
	}
	if relative > 0x1p-72 {
		t.Errorf("relative error 2^%.1f", math.Log2(relative))
	}
	if n < 1000 || Cos(6381956970095103*0x1p797) == 0 {
		t.Errorf("only %d arguments", n)
	}
	ws.log()
	wc.log()
}

// The tables are the digits of 2/pi and pi/4.
func TestPiTables(t *testing.T) {
	text := func(words []uint64) *big.Int {
		n := new(big.Int)
		for _, w := range words {
			n.Or(n.Lsh(n, 64), new(big.Int).SetUint64(w))
		}
		return n
	}
	digits := new(big.Int).Lsh(big.NewInt(1), piBits+64*uint(len(twoOverPi)-1)+1)
	if digits.Quo(digits, piFixed()).Cmp(text(twoOverPi[:])) != 0 {
		t.Errorf("twoOverPi is not %x", digits)
	}
	if quarter := new(big.Int).Rsh(piFixed(), piBits-126); quarter.Cmp(text(quarterPi[:])) != 0 {
		t.Errorf("quarterPi is not %x", quarter)
	}
}

// Coefficients are reciprocals of factorials and of odd numbers, each rounded once.
func TestSeriesCoefficients(t *testing.T) {
	check := func(name string, got []float64, first int64, value func(n int64) *big.Rat) {
		for i := range got {
			n := first - 2*int64(i)
			if want, _ := value(n).Float64(); got[i] != want {
				t.Errorf("%s[%d] = %v, want %v", name, i, got[i], want)
			}
		}
	}
	factorial := func(n int64) *big.Rat { return new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).MulRange(1, n)) }
	alternating := func(n int64) *big.Rat {
		if n%4 >= 2 {
			return factorial(n).Neg(factorial(n))
		}
		return factorial(n)
	}
	check("expOdd", expOdd[:], 13, factorial)
	check("expEven", expEven[:], 14, factorial)
	check("sinTerms", sinTerms[:], 17, alternating)
	check("cosTerms", cosTerms[:], 18, alternating)
	check("logOdd", logOdd[:], 21, func(n int64) *big.Rat { return big.NewRat(2, n) })
	sum := newBig().Add(bigFloat(ln2Hi), bigFloat(ln2Lo))
	if d, _ := sum.Sub(sum, bigLn2()).Float64(); math.Abs(d) > 0x1p-96 {
		t.Errorf("ln2Hi + ln2Lo misses ln 2 by %v", d)
	}
}

// TestArchMathEnds has the arguments that no series answers.
func TestArchMathEnds(t *testing.T) {
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	for _, c := range []struct {
		name    string
		f       func(float64) float64
		x, want float64
	}{
		{"Exp", Exp, inf, inf}, {"Exp", Exp, -inf, 0}, {"Exp", Exp, nan, nan}, {"Exp", Exp, 0, 1},
		{"Exp", Exp, zero, 1},
		{"Exp", Exp, math.MaxFloat64, inf}, {"Exp", Exp, -math.MaxFloat64, 0}, {"Exp", Exp, 709.79, inf},
		{"Exp", Exp, -745.14, 0}, {"Exp", Exp, -745.13, 5e-324}, {"Exp", Exp, 5e-324, 1}, {"Exp", Exp, 1, math.E},
		{"Log", Log, inf, inf}, {"Log", Log, -inf, nan}, {"Log", Log, nan, nan}, {"Log", Log, 0, -inf},
		{"Log", Log, zero, -inf}, {"Log", Log, -1, nan}, {"Log", Log, -5e-324, nan}, {"Log", Log, 1, 0},
		{"Log", Log, 2, math.Ln2}, {"Log", Log, 0.5, -math.Ln2}, {"Log", Log, 5e-324, -1074 * math.Ln2},
		{"Sin", Sin, inf, nan}, {"Sin", Sin, -inf, nan}, {"Sin", Sin, nan, nan}, {"Sin", Sin, 0, 0},
		{"Sin", Sin, zero, zero},
		{"Sin", Sin, 5e-324, 5e-324}, {"Sin", Sin, -5e-324, -5e-324}, {"Sin", Sin, math.Pi / 2, 1},
		{"Sin", Sin, -math.Pi / 2, -1}, {"Sin", Sin, math.Pi, 0x1.1a62633145c07p-53},
		{"Cos", Cos, inf, nan}, {"Cos", Cos, -inf, nan}, {"Cos", Cos, nan, nan}, {"Cos", Cos, 0, 1},
		{"Cos", Cos, zero, 1},
		{"Cos", Cos, 5e-324, 1}, {"Cos", Cos, math.Pi, -1}, {"Cos", Cos, -math.Pi, -1},
		{"Cos", Cos, math.Pi / 2, 0x1.1a62633145c07p-54},
	} {
		got := c.f(c.x)
		if math.Float64bits(got) != math.Float64bits(c.want) && !(got != got && c.want != c.want) {
			t.Errorf("%s(%x) = %x, want %x", c.name, c.x, got, c.want)
		}
	}
}

// mathHash is the hash (rule 12) of the results of f for arguments drawn from a seeded source.
func mathHash(n int, f func(r *rand.Rand) float64) string {
	r := rand.New(rand.NewPCG(2026, 11))
	h := sha256.New()
	binary.Write(h, binary.LittleEndian, uint64(n))
	for range n {
		binary.Write(h, binary.LittleEndian, num.Canonical64(math.Float64bits(f(r))))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// TestArchMath holds the bits of the functions to what they were on the machine that wrote them here.
func TestArchMath(t *testing.T) {
	for _, c := range []struct {
		name, want string
		f          func(r *rand.Rand) float64
	}{
		{"Exp", "223d53f10c646e79c3f10081b707fff1ad279ed81965c9b1bfed2e16ae7823db",
			func(r *rand.Rand) float64 { return Exp(float64(r.Float64()*1500) - 750) }},
		{"Exp near 0", "354299f4ace1873ddd616c3bd1805439dbe84292d268446431f041dce849452c",
			func(r *rand.Rand) float64 { return Exp(r.Float64() - 0.5) }},
		{"Log", "0f82dae7c91921186db14f4ee74c6cd8a8d01411d0e884c00e75754dc0722eed",
			func(r *rand.Rand) float64 { return Log(math.Float64frombits(r.Uint64() >> 1)) }},
		{"Log near 1", "838fddbbd87f32397371a02bdb0608f145862fd47cfc518cc3e1e3986b78e412",
			func(r *rand.Rand) float64 { return Log(0.5 + r.Float64()) }},
		{"Cos", "d54bf2f972f237054ebf5fa5473eeb2a4cc64b37a2a85534bb0ecd93f3e7ed0c",
			func(r *rand.Rand) float64 { return Cos(math.Float64frombits(r.Uint64())) }},
		{"Cos near 0", "75e2364261e4354bed54e9af39dc454326dc8d10c1da45a4d140520d697f72c9",
			func(r *rand.Rand) float64 { return Cos(4 * r.Float64()) }},
		{"Sin", "07f2ab5af3892c26d609b61c59c6cf486a8d5c7ef3cfefc820a5080dd0dae53c",
			func(r *rand.Rand) float64 { return Sin(math.Float64frombits(r.Uint64())) }},
		{"Sin near 0", "6b18238057a6fa78f020f571ad00ccea187b17f9e37686c32c5c5f96a7aa0261",
			func(r *rand.Rand) float64 { return Sin(4 * r.Float64()) }},
		{"Normal", "d9dd35a202f0accc1f14b0b14fb5cecfdcc762ce90189dcddef6acb3522feead", Normal},
	} {
		if got := mathHash(1000, c.f); got != c.want {
			t.Errorf("%s: hash %s, want %s", c.name, got, c.want)
		}
	}
}

func BenchmarkMath(b *testing.B) {
	x := make([]float64, 256)
	r := rand.New(rand.NewPCG(1, 4))
	for i := range x {
		x[i] = 10 * r.Float64()
	}
	for _, c := range []struct {
		name string
		f    func(float64) float64
	}{{"Exp", Exp}, {"Log", Log}, {"Sin", Sin}, {"Cos", Cos},
		{"Normal", func(float64) float64 { return Normal(r) }}} {
		b.Run("func="+c.name, func(b *testing.B) {
			sum := 0.
			for i := range b.N {
				sum += c.f(x[i&255])
			}
			if sum == 0 {
				b.Error("the results sum to 0")
			}
		})
	}
}
