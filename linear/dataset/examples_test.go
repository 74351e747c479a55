package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/testfile"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// The mean is the exact quotient, rounded once: across the borders of 257 and 2048 images, with bytes that
// are all 255, and with random ones.
func TestMeanImage(t *testing.T) {
	for _, n := range []int{1, 2, 3, 256, 257, 258, 515, 2049, 4500} {
		d := randomSet(n, 10, uint64(n))
		if n%2 == 1 {
			for i := range d.Pixels {
				if i%ImageBytes%3 != 0 {
					d.Pixels[i] = 255
				}
			}
		}
		sums := make([]int64, ImageBytes)
		for i := range n {
			for p, b := range d.Image(i) {
				sums[p] += int64(b)
			}
		}
		mean := MeanImage(d)
		if len(mean) != ImageBytes {
			t.Fatalf("%d means", len(mean))
		}
		for p, got := range mean {
			if want, _ := big.NewRat(sums[p], int64(n)).Float64(); got != want {
				t.Fatalf("n = %d: mean[%d] = %v, want %v", n, p, got, want)
			}
		}
	}
	defer func() {
		if r := recover(); r != "dataset: MeanImage: the set is empty, want at least 1 example" {
			t.Errorf("of an empty set: %v", r)
		}
	}()
	MeanImage(&Images{})
}

// goEngine runs the definitions.
func goEngine[T kernels.Float]() bitstep.Engine[T] { return bitstep.On[T](bitstep.Go) }

// bits returns x's bits in 64.
func bits[T kernels.Float](x T) uint64 {
	if y, ok := any(x).(float32); ok {
		return uint64(math.Float32bits(y))
	}
	return math.Float64bits(float64(x))
}

// Features are what the formula says when each operation is done exactly and rounded to the type's
// precision.
func TestFeatures(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testFeatures[float32](t, 24) })
	t.Run("float64", func(t *testing.T) { testFeatures[float64](t, 53) })
}

func testFeatures[T kernels.Float](t *testing.T, precision uint) {
	d := randomSet(7, 10, 5)
	round := func() *big.Float { return new(big.Float).SetPrec(precision) }
	for _, p := range []Preprocess{{}, NewPreprocess(d), {Scale: 1.0 / 255}, {Mean: MeanImage(d), Scale: 1.0 / 255},
		{Mean: MeanImage(d), Scale: 0x1p-64}, {Mean: MeanImage(d), Scale: 0x1p64}} {
		e, err := NewExamples[T](d, p)
		if err != nil {
			t.Fatal(err)
		}
		scale := p.Scale
		if scale == 0 {
			scale = 1.0 / 128
		}
		s := round().SetFloat64(scale)
		rows := e.Matrix(goEngine[T](), 0)
		if rows.Rows != 7 || rows.Cols != 3073 || rows.Len() != 7 {
			t.Fatalf("a matrix of %d x %d", rows.Rows, rows.Cols)
		}
		for i := range 7 {
			for c, got := range rows.Row(i) {
				want := 1.0
				if c < ImageBytes {
					scaled := round().Mul(round().SetInt64(int64(d.Image(i)[c])), s)
					m := round()
					if p.Mean != nil {
						m.Set(new(big.Float).SetPrec(53).Mul(big.NewFloat(p.Mean[c]), big.NewFloat(scale)))
					}
					want, _ = round().Sub(scaled, m).Float64()
				}
				if bits(got) != bits(T(want)) {
					t.Fatalf("%v: example %d, feature %d: %v, want %v", scale, i, c, got, want)
				}
			}
		}
	}
}

// All ways to the features give the same bits, and touch nothing else.
func TestFeaturePaths(t *testing.T) {
	t.Run("float32", testFeaturePaths[float32])
	t.Run("float64", testFeaturePaths[float64])
}

func testFeaturePaths[T kernels.Float](t *testing.T) {
	for _, n := range []int{1, 31, 32, 33, 64, 65, 150} {
		d := randomSet(n, 10, uint64(n))
		e, err := NewExamples[T](d, NewPreprocess(d))
		if err != nil {
			t.Fatal(err)
		}
		rows := e.Matrix(goEngine[T](), 1)
		for _, threads := range []int{0, 2, 5} {
			if !slices.Equal(e.Matrix(goEngine[T](), threads).Data, rows.Data) {
				t.Errorf("n = %d, %d threads: other rows", n, threads)
			}
		}
		for _, threads := range []int{0, 1, 2, 5} {
			columns := e.Columns(threads)
			if columns.Rows != Features || columns.Cols != n || len(columns.Data) != n*Features {
				t.Fatalf("columns of %d x %d", columns.Rows, columns.Cols)
			}
			for r := range Features {
				for c, x := range columns.Row(r) {
					if x != rows.Row(c)[r] {
						t.Fatalf("n = %d, %d threads: column %d, row %d: %v, want %v",
							n, threads, c, r, x, rows.Row(c)[r])
					}
				}
			}
		}
		indices := []int{n - 1, 0, n / 2, n / 2}
		for name, source := range map[string]Source[T]{"Examples": e, "Matrix": rows} {
			if source.Len() != n {
				t.Errorf("%s: Len() = %d, want %d", name, source.Len(), n)
			}
			for _, ld := range []int{Features, Features + 7} {
				dst := make([]T, 3*ld+Features) // ends with the last row
				fill := func() {
					for i := range dst {
						dst[i] = -77
					}
				}
				check := func(what string, indices []int) {
					t.Helper()
					for i, x := range dst {
						want := T(-77)
						if i/ld < len(indices) && i%ld < Features {
							want = rows.Row(indices[i/ld])[i%ld]
						}
						if x != want {
							t.Fatalf("n = %d, %s, %s, ld = %d: row %d, column %d: %v, want %v",
								n, name, what, ld, i/ld, i%ld, x, want)
						}
					}
				}
				fill()
				source.FillRows(goEngine[T](), dst, ld, indices)
				check("FillRows", indices)
				fill()
				source.FillRows(goEngine[T](), dst, ld, nil)
				source.FillRange(goEngine[T](), dst, ld, n, n)
				check("nothing", nil)
				lo := max(0, n-4)
				source.FillRange(goEngine[T](), dst, ld, lo, n)
				check("FillRange", []int{lo, lo + 1, lo + 2, lo + 3}[:n-lo])
			}
		}
	}
}

// Filling allocates nothing, whatever the source.
func TestFillAllocations(t *testing.T) {
	d := randomSet(20, 10, 1)
	e, err := NewExamples[float32](d, NewPreprocess(d))
	if err != nil {
		t.Fatal(err)
	}
	m := e.Matrix(goEngine[float32](), 0)
	dst, indices := make([]float32, 20*Features), []int{3, 1, 4, 1, 5}
	for name, s := range map[string]Source[float32]{"Examples": e, "Matrix": m} {
		if n := testing.AllocsPerRun(10, func() {
			s.FillRows(goEngine[float32](), dst, Features, indices)
			s.FillRange(goEngine[float32](), dst, Features, 0, 20)
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestFillPanics(t *testing.T) {
	d := randomSet(3, 10, 1)
	e, err := NewExamples[float64](d, Preprocess{})
	if err != nil {
		t.Fatal(err)
	}
	on := goEngine[float64]()
	dst := make([]float64, 2*Features)
	for _, c := range []struct {
		call func()
		want string
	}{
		{func() { e.FillRows(on, dst, Features-1, nil) },
			"dataset: FillRows: ld = 3072, want at least the 3073 columns"},
		{func() { e.FillRows(on, dst, Features, []int{0, 1, 2}) },
			"dataset: FillRows: len(dst) = 6146, too short for 3 rows of 3073 with leading dimension 3073"},
		{func() { e.FillRange(on, dst, Features+1, 0, 2) },
			"dataset: FillRange: len(dst) = 6146, too short for 2 rows of 3073 with leading dimension 3074"},
		{func() { e.FillRows(on, dst, Features, []int{3}) }, "out of range"},
		{func() { e.FillRows(on, dst, Features, []int{-1}) }, "out of range"},
		{func() { e.FillRange(on, dst, Features, 2, 4) }, "out of range"},
		{func() { e.Matrix(on, 0).FillRows(on, dst, Features, []int{3}) }, "out of range"},
		{func() { e.Matrix(on, 0).FillRange(on, dst, 1, 0, 1) },
			"dataset: FillRange: ld = 1, want at least the 3073 columns"},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, c.want) {
					t.Errorf("panic %q, want %q", got, c.want)
				}
			}()
			c.call()
		}()
	}
}

func TestPreprocessErrors(t *testing.T) {
	d := randomSet(2, 10, 1)
	mean := MeanImage(d)
	bad := slices.Clone(mean)
	bad[5] = math.NaN()
	for _, c := range []struct {
		d    *Images
		p    Preprocess
		want string
	}{
		{&Images{}, Preprocess{}, "dataset: Images has no examples, want at least 1"},
		{d, Preprocess{Mean: mean[1:]}, "dataset: Preprocess: len(Mean) = 3071, want 3072, or 0 for none"},
		{d, Preprocess{Mean: bad}, "dataset: Preprocess: Mean[5] = NaN, want 0 to 255"},
		{d, Preprocess{Scale: -1}, "dataset: Preprocess: Scale = -1, want 2**-64 to 2**64, or 0 for 1/128"},
		{d, Preprocess{Scale: math.Inf(1)}, "dataset: Preprocess: Scale = +Inf, want 2**-64 to 2**64, or 0 for 1/128"},
		{d, Preprocess{Scale: math.NaN()}, "dataset: Preprocess: Scale = NaN, want 2**-64 to 2**64, or 0 for 1/128"},
	} {
		if _, err := NewExamples[float32](c.d, c.p); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
	// What was given and what is returned are copies.
	e, err := NewExamples[float32](d, Preprocess{Mean: mean})
	if err != nil {
		t.Fatal(err)
	}
	first := mean[0]
	mean[0] = 77
	got := e.Preprocess()
	got.Mean[1] = 77
	if again := e.Preprocess(); again.Mean[0] != first || again.Mean[1] == 77 || again.Scale != 1.0/128 {
		t.Errorf("the preprocessing changed: %v %v %v", again.Mean[0], again.Mean[1], again.Scale)
	}
	if e.Images() != d || &e.Labels()[0] != &d.Labels[0] {
		t.Error("the examples are of another set")
	}
}

// A Preprocess comes back from a checkpoint's bytes as it was, and only if it is one.
func TestPreprocessCheckpoint(t *testing.T) {
	mean := MeanImage(randomSet(3, 10, 1))
	for _, p := range []Preprocess{{}, {Mean: mean}, {Mean: mean, Scale: 1.0 / 255}, {Scale: 3}} {
		c := checkpoint.New()
		p.Snapshot(c, "pre.")
		var file bytes.Buffer
		if err := c.Encode(&file); err != nil {
			t.Fatal(err)
		}
		read, err := checkpoint.Decode(&file, int64(file.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if p.Scale == 0 {
			p.Scale = DefaultScale
		}
		got := Preprocess{Scale: 77}
		if err := got.Restore(read, "pre."); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("scale %v, %d means: %v, or another comes back", p.Scale, len(p.Mean), err)
		}
		if err := got.Restore(read, "other."); err == nil || !reflect.DeepEqual(got, p) {
			t.Errorf("of another name: %v", err)
		}
	}
	for _, c := range []struct {
		shape []int
		mean  []float64
		scale float64
		want  string
	}{
		{[]int{3}, mean[:3], 1, "dataset: Preprocess: len(Mean) = 3, want 3072, or 0 for none"},
		{[]int{3, 1024}, mean, 1, `tensor "mean" has 2 dimensions, want 1`},
		{[]int{3072}, mean, 0, `metadata "scale" = 0, want 2**-64 to 2**64`},
		{[]int{3072}, mean, -1, "dataset: Preprocess: Scale = -1, want 2**-64 to 2**64, or 0 for 1/128"},
		{[]int{3072}, slices.Repeat([]float64{256}, 3072), 1, "dataset: Preprocess: Mean[0] = 256, want 0 to 255"},
	} {
		point := checkpoint.New()
		checkpoint.Put(point, "mean", c.shape, c.mean)
		point.SetMetaFloat("scale", c.scale)
		got := Preprocess{Scale: 77}
		if err := got.Restore(point, ""); err == nil || err.Error() != "checkpoint: "+c.want || got.Mean != nil ||
			got.Scale != 77 {
			t.Errorf("error %v, want checkpoint: %s", err, c.want)
		}
	}
}

// The features of the set in testdata have these bits on every architecture.
func TestArchFeatures(t *testing.T) {
	t.Run("float32", func(t *testing.T) {
		testArchFeatures[float32](t, "a7daee4e79df8250c85aedd9c418bde51f32792c2226d223c65d35cdf054e3fe")
	})
	t.Run("float64", func(t *testing.T) {
		testArchFeatures[float64](t, "fcb183748366c76c268aae1798d7f12af1cd7f7bfef05fbe2aa792aa88cce2ba")
	})
}

func testArchFeatures[T kernels.Float](t *testing.T, want string) {
	train, test, err := LoadCIFAR10(testfile.Path(t, testfile.CIFAR10))
	if err != nil {
		t.Fatal(err)
	}
	p := NewPreprocess(train)
	h := sha256.New()
	for _, scale := range []float64{DefaultScale, 1.0 / 255} {
		p.Scale = scale
		e, err := NewExamples[T](test.Slice(0, 12), p)
		if err != nil {
			t.Fatal(err)
		}
		var buffer []byte
		m := e.Matrix(goEngine[T](), 0)
		for i := range m.Rows {
			for _, x := range m.Row(i) {
				buffer = binary.LittleEndian.AppendUint64(buffer, bits(x))
			}
		}
		h.Write(buffer)
	}
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}
