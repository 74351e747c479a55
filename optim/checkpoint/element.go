package checkpoint

import (
	"encoding/binary"
	"math"

	"github.com/bitstep-go/bitstep/internal/num"
)

// Element is the types that [Put] stores and [Get] returns: F32, F64, U8, U16, I64 and U64 in a file.
type Element interface {
	float32 | float64 | uint8 | uint16 | int64 | uint64
}

// dtypeOf returns the format's name for T.
func dtypeOf[T Element]() string {
	switch any(T(0)).(type) {
	case float32:
		return "F32"
	case float64:
		return "F64"
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

// toBytes returns the elements' little-endian bytes.
func toBytes[T Element](data []T) []byte {
	size, _ := dtypeSize(dtypeOf[T]())
	out := make([]byte, size*len(data))
	switch data := any(data).(type) {
	case []float32:
		for i, v := range data {
			binary.LittleEndian.PutUint32(out[4*i:], math.Float32bits(v))
		}
	case []float64:
		for i, v := range data {
			binary.LittleEndian.PutUint64(out[8*i:], math.Float64bits(v))
		}
	case []uint8:
		copy(out, data)
	case []uint16:
		for i, v := range data {
			binary.LittleEndian.PutUint16(out[2*i:], v)
		}
	case []int64:
		for i, v := range data {
			binary.LittleEndian.PutUint64(out[8*i:], uint64(v))
		}
	case []uint64:
		for i, v := range data {
			binary.LittleEndian.PutUint64(out[8*i:], v)
		}
	}
	return out
}

// fromBytes is the inverse of toBytes.
func fromBytes[T Element](in []byte) []T {
	size, _ := dtypeSize(dtypeOf[T]())
	out := make([]T, len(in)/size)
	switch out := any(out).(type) {
	case []float32:
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(in[4*i:]))
		}
	case []float64:
		for i := range out {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(in[8*i:]))
		}
	case []uint8:
		copy(out, in)
	case []uint16:
		for i := range out {
			out[i] = binary.LittleEndian.Uint16(in[2*i:])
		}
	case []int64:
		for i := range out {
			out[i] = int64(binary.LittleEndian.Uint64(in[8*i:]))
		}
	case []uint64:
		for i := range out {
			out[i] = binary.LittleEndian.Uint64(in[8*i:])
		}
	}
	return out
}

// canonicalNaN replaces every NaN of a tensor of F32 or F64.
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
