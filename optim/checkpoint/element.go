package checkpoint

import (
	"encoding/binary"
	"math"

	"github.com/bitstep-go/bitstep/internal/num"
	"github.com/bitstep-go/bitstep/kernels"
)

// Element is the types that [Put] stores and [Get] returns: F32, F64, BF16, F16, U8, U16, I64 and U64 in a file.
type Element interface {
	float32 | float64 | kernels.BFloat16 | kernels.Float16 | uint8 | uint16 | int64 | uint64
}

// dtypeOf returns the format's name for T.
func dtypeOf[T Element]() string {
	switch any(T(0)).(type) {
	case float32:
		return "F32"
	case float64:
		return "F64"
	case kernels.BFloat16:
		return "BF16"
	case kernels.Float16:
		return "F16"
	case uint8:
		return "U8"
	case uint16:
		return "U16"
	case int64:
		return "I64"
	default:
		return "U64"
	}
}

// toBytes returns the elements' little-endian bytes, with canonical NaN. Those of floats are most of a checkpoint, and
// package binary calls an interface for each element.
func toBytes[T Element](data []T) []byte {
	switch data := any(data).(type) {
	case []float32:
		out := make([]byte, 4*len(data))
		for i, v := range data {
			binary.LittleEndian.PutUint32(out[4*i:], num.Canonical32(math.Float32bits(v)))
		}
		return out
	case []float64:
		out := make([]byte, 8*len(data))
		for i, v := range data {
			binary.LittleEndian.PutUint64(out[8*i:], num.Canonical64(math.Float64bits(v)))
		}
		return out
	}
	out, err := binary.Append(make([]byte, 0, binary.Size(data)), binary.LittleEndian, data)
	if err != nil {
		panic(err) // its errors are of types without a fixed size
	}
	return out
}

// fromBytes is the inverse of toBytes, but for NaN.
func fromBytes[T Element](in []byte) []T {
	out := make([]T, len(in)/binary.Size(*new(T)))
	if _, err := binary.Decode(in, binary.LittleEndian, out); err != nil {
		panic(err) // or of lengths that differ
	}
	return out
}

// canonicalNaN replaces every NaN of a tensor of F32 or F64. Those of fewer bits are as the file has them.
func canonicalNaN(t Tensor) {
	switch t.DType {
	case "F32":
		for b := t.Data; len(b) >= 4; b = b[4:] {
			binary.LittleEndian.PutUint32(b, num.Canonical32(binary.LittleEndian.Uint32(b)))
		}
	case "F64":
		for b := t.Data; len(b) >= 8; b = b[8:] {
			binary.LittleEndian.PutUint64(b, num.Canonical64(binary.LittleEndian.Uint64(b)))
		}
	}
}
