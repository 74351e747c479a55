package bitstep_test

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/internal/edge"
	"github.com/bitstep-go/bitstep/kernels"
)

// Every length around vectors and loops, all bytes, every alignment of the bytes, operands that end where
// memory does, on every backend: the bits of the definition, and nothing beyond the operands is touched.
func TestArchFromBytes(t *testing.T) {
	for _, b := range bitstep.Backends() {
		t.Run(fmt.Sprintf("float32/%v", b), func(t *testing.T) { testFromBytes(t, bitstep.On[float32](b)) })
		t.Run(fmt.Sprintf("float64/%v", b), func(t *testing.T) { testFromBytes(t, bitstep.On[float64](b)) })
	}
}

func testFromBytes[T kernels.Float](t *testing.T, k bitstep.Engine[T]) {
	pages := newPages[T](t, 3)
	bytes := unsafe.Slice((*uint8)(unsafe.Pointer(&pages[1][0])), len(pages[1])*int(unsafe.Sizeof(T(0))))
	const most = 300
	r := edge.Rand(1)
	for n := range most {
		for _, scale := range []T{1.0 / 128, 0.3, edge.Value[T](r)} {
			dst, offset := pages[0][len(pages[0])-n:], pages[2][len(pages[2])-n:]
			src := bytes[len(bytes)-n:]
			if n%2 == 1 { // the start of the memory rather than its end
				dst, src, offset = pages[0][:n], bytes[:n], pages[2][:n]
			}
			edge.Fill(r, offset)
			edge.Fill(r, dst)
			for i := range src {
				src[i] = uint8(i*37 + n)
			}
			want := make([]T, n)
			kernels.FromBytes(want, src, scale, offset)
			for i := range want {
				product := T(T(src[i]) * scale)
				if sum := product - offset[i]; !edge.Same(want[i], sum) {
					t.Fatalf("the definition of %d*%v - %v gives %v, want %v", src[i], scale, offset[i], want[i], sum)
				}
			}
			k.FromBytes(dst, src, scale, offset)
			if i := edge.Differ(dst, want); i >= 0 {
				t.Fatalf("n=%d: dst[%d] = %x, want %x = %v*%d - %v", n, i, dst[i], want[i], scale, src[i], offset[i])
			}
		}
	}
	// More than one chunk, and every byte.
	const n = 40000
	dst, src, offset, want := make([]T, n), make([]uint8, n), make([]T, n), make([]T, n)
	for i := range src {
		src[i] = uint8(i * 7)
	}
	edge.Fill(r, offset)
	kernels.FromBytes(want, src, 0.7, offset)
	k.FromBytes(dst, src, 0.7, offset)
	if i := edge.Differ(dst, want); i >= 0 {
		t.Fatalf("n=%d: dst[%d] = %x, want %x", n, i, dst[i], want[i])
	}
	if got := testing.AllocsPerRun(10, func() { k.FromBytes(dst, src, 0.7, offset) }); got != 0 && !raceEnabled {
		t.Errorf("%v allocations", got)
	}
}

func TestFromBytesPanics(t *testing.T) {
	x := make([]float32, 20)
	bytes := unsafe.Slice((*uint8)(unsafe.Pointer(&x[10])), 40)
	for want, call := range map[string]func(){
		"bitstep: FromBytes: len(src) = 9, len(offset) = 10, want len(dst) = 10": func() {
			bitstep.FromBytes(x[:10], bytes[:9], 1, x[10:])
		},
		"bitstep: FromBytes: len(src) = 10, len(offset) = 11, want len(dst) = 10": func() {
			bitstep.FromBytes(x[:10], bytes[:10], 1, x[9:])
		},
		"bitstep: FromBytes: dst, which is written, overlaps offset": func() {
			bitstep.FromBytes(x[:10], make([]uint8, 10), 1, x[9:19])
		},
		"bitstep: FromBytes: dst, which is written, overlaps src": func() {
			bitstep.FromBytes(x[9:12], bytes[:3], 1, x[:3])
		},
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panic %v, want %s", got, want)
				}
			}()
			call()
		}()
	}
}

func BenchmarkFromBytes(b *testing.B) {
	for _, backend := range bitstep.Backends() {
		b.Run(fmt.Sprintf("kernel=FromBytes/type=float32/backend=%v/n=3072", backend), func(b *testing.B) {
			benchFromBytes(b, bitstep.On[float32](backend))
		})
		b.Run(fmt.Sprintf("kernel=FromBytes/type=float64/backend=%v/n=3072", backend), func(b *testing.B) {
			benchFromBytes(b, bitstep.On[float64](backend))
		})
	}
}

func benchFromBytes[T kernels.Float](b *testing.B, k bitstep.Engine[T]) {
	const n = 3072
	dst, src, offset := make([]T, n), make([]uint8, n), make([]T, n)
	for b.Loop() {
		k.FromBytes(dst, src, 1.0/128, offset)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/elem")
}
