package optim

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// A Checkpoint is a set of named tensors and a map of named strings (metadata), as one safetensors file
// holds them. Optimizers, schedules, samplers and trainers add what they must remember under names of
// their own; [Checkpoint.WriteFile] writes it all at once, and [ReadCheckpoint] returns it only when every
// byte is right.
//
// # The file
//
// A file is in the safetensors format, which other programs read too: 8 bytes with the length N of the
// header, N bytes of JSON with the metadata and with type, shape and place of each tensor, and the tensors'
// elements in row-major order. All numbers are little-endian on every machine. Equal checkpoints make
// equal bytes: metadata is ordered by key; tensors are ordered by element type, U64, I64, F64, F32, ..., U8,
// and by name within a type. The header is padded with spaces to a multiple of 8 bytes. Wide types come
// first, so every element lies at a multiple of its size; it is also the order of the format's reference
// implementation.
//
// Floats are stored as their bits, -0 and subnormals too; every NaN is the canonical one, 0x7fc00000 or
// 0x7ff8000000000000 (rule 2 of the numeric contract), whether it was put or read.
//
// Two keys of the metadata belong to the format of this package. "bitstep" is the version of the format,
// "1". "sha256" is the checksum: 64 lower-case hexadecimal digits of the SHA-256 of the whole file, from the
// length of the header to the last byte, with these 64 digits themselves replaced by 64 digits 0.
//
// # Use
//
// [Put] and the methods that set metadata return no error, so that a chain of them stays readable. The first
// mistake (a name used twice, a shape that does not fit its data, text that is not UTF-8) is kept, further
// ones are dropped, and Err, Encode and WriteFile return it; nothing is written then. A Checkpoint copies
// what is put, which takes as much memory again. It must not be used by two goroutines at once.
type Checkpoint struct {
	source  string // what errors call it: a file's path
	tensors map[string]Tensor
	meta    map[string]string
	err     error // the first mistake
}

// A Tensor is a tensor as a file holds it.
type Tensor struct {
	DType string // F32, F64, U8, I64, U64, ... as the format names element types
	Shape []int  // no dimensions: a single element
	Data  []byte // the elements, row-major, each little-endian
}

// Element is the types that [Put] stores and [Get] returns: F32, F64, U8, I64 and U64 in a file.
type Element interface {
	float32 | float64 | uint8 | int64 | uint64
}

const (
	formatKey     = "bitstep"
	formatVersion = "1"
	checksumKey   = "sha256"
	metadataName  = "__metadata__" // where the header keeps metadata among tensors
)

// NewCheckpoint returns a checkpoint that holds nothing.
func NewCheckpoint() *Checkpoint {
	return &Checkpoint{source: "checkpoint", tensors: map[string]Tensor{}, meta: map[string]string{}}
}

// Err returns the first mistake that was made in filling c, or nil.
func (c *Checkpoint) Err() error { return c.err }

// fail keeps the first mistake.
func (c *Checkpoint) fail(format string, args ...any) {
	if c.err == nil {
		c.err = c.errorf(format, args...)
	}
}

func (c *Checkpoint) errorf(format string, args ...any) error {
	return fmt.Errorf("optim: %s: "+format, append([]any{c.source}, args...)...)
}

// Put adds a copy of data as the tensor name. The product of shape is len(data); a nil shape stands for one
// dimension, and an empty one that is not nil for a single element without dimensions. A name that c already
// has, one that is not UTF-8, the name __metadata__, a negative dimension and a product other than len(data)
// are mistakes as [Checkpoint] describes them.
func Put[T Element](c *Checkpoint, name string, shape []int, data []T) {
	if shape == nil {
		shape = []int{len(data)}
	}
	if n, ok := elements(shape); !ok || n != uint64(len(data)) {
		c.fail("tensor %s: shape %s, but %d elements", quote(name), showShape(shape), len(data))
		return
	}
	c.put(name, Tensor{dtypeOf[T](), slices.Clone(shape), toBytes(data)})
}

// PutTensor adds a copy of a tensor of any element type of the format. Mistakes are those of [Put], an
// unknown type, and data whose size does not fit type and shape.
func (c *Checkpoint) PutTensor(name string, t Tensor) {
	c.put(name, Tensor{t.DType, append([]int{}, t.Shape...), slices.Clone(t.Data)})
}

// put adds a tensor, whose slices become c's.
func (c *Checkpoint) put(name string, t Tensor) {
	size, known := dtypeSize(t.DType)
	n, ok := elements(t.Shape)
	bytes, fits := mul(n, uint64(size))
	switch {
	case !known:
		c.fail("tensor %s: dtype %s, want one of %s", quote(name), quote(t.DType), dtypeNames())
	case !ok || !fits || bytes != uint64(len(t.Data)):
		c.fail("tensor %s: %d bytes do not fit %s %s", quote(name), len(t.Data), t.DType, showShape(t.Shape))
	case name == metadataName:
		c.fail("tensor %s: the name belongs to the format", quote(name))
	case !validText(name):
		c.fail("tensor %s: the name is not UTF-8", quote(name))
	default:
		if _, ok := c.tensors[name]; ok {
			c.fail("tensor %s was put twice", quote(name))
			return
		}
		canonicalNaN(t)
		c.tensors[name] = t
	}
}

// Tensor returns the tensor name as the file holds it, of whatever type. Its slices belong to c and must
// not be changed.
func (c *Checkpoint) Tensor(name string) (t Tensor, ok bool) {
	t, ok = c.tensors[name]
	return t, ok
}

// Names returns the tensors' names, sorted.
func (c *Checkpoint) Names() []string { return slices.Sorted(maps.Keys(c.tensors)) }

// Get returns a new slice with the elements of the tensor name. Its type must be T's (nothing is converted)
// and its shape equal to want; a nil want accepts any shape. The error names the file, the tensor, what it
// is and what was wanted.
func Get[T Element](c *Checkpoint, name string, want []int) ([]T, error) {
	t, ok := c.tensors[name]
	if !ok {
		return nil, c.errorf("no tensor %s", quote(name))
	}
	if dtype := dtypeOf[T](); t.DType != dtype {
		return nil, c.errorf("tensor %s has dtype %s, want %s", quote(name), t.DType, dtype)
	}
	if want != nil && !slices.Equal(t.Shape, want) {
		return nil, c.errorf("tensor %s has shape %s, want %s", quote(name), showShape(t.Shape), showShape(want))
	}
	return fromBytes[T](t.Data), nil
}

// SetMeta sets the metadata key to value, replacing an earlier value. The keys bitstep and sha256, and text
// that is not UTF-8, are mistakes as [Checkpoint] describes them.
func (c *Checkpoint) SetMeta(key, value string) {
	switch {
	case key == formatKey || key == checksumKey:
		c.fail("metadata %s: the key belongs to the format", quote(key))
	case !validText(key) || !validText(value):
		c.fail("metadata %s = %s: not UTF-8", quote(key), quote(value))
	default:
		c.meta[key] = value
	}
}

// Meta returns the value of a metadata key. After [ReadCheckpoint] that includes bitstep and sha256.
func (c *Checkpoint) Meta(key string) (value string, ok bool) {
	value, ok = c.meta[key]
	return value, ok
}

// MetaKeys returns the keys of the metadata, sorted.
func (c *Checkpoint) MetaKeys() []string { return slices.Sorted(maps.Keys(c.meta)) }

// SetMetaFloat sets the metadata key to v in hexadecimal, 0x1.8p-01, which reads back exactly.
func (c *Checkpoint) SetMetaFloat(key string, v float64) {
	c.SetMeta(key, strconv.FormatFloat(v, 'x', -1, 64))
}

// MetaFloat returns the number at a metadata key. A missing key and anything but a number within the range
// of float64 are errors that name file and key.
func (c *Checkpoint) MetaFloat(key string) (float64, error) {
	value, ok := c.meta[key]
	if !ok {
		return 0, c.errorf("no metadata %s", quote(key))
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return 0, c.errorf("metadata %s = %s, want a float64", quote(key), quote(value))
	}
	return v, nil
}

// SetMetaUint sets the metadata key to v in decimal.
func (c *Checkpoint) SetMetaUint(key string, v uint64) { c.SetMeta(key, strconv.FormatUint(v, 10)) }

// MetaUint returns the whole number at a metadata key. A missing key and anything but decimal digits of at
// most 1<<64 - 1 are errors that name file and key.
func (c *Checkpoint) MetaUint(key string) (uint64, error) {
	value, ok := c.meta[key]
	if !ok {
		return 0, c.errorf("no metadata %s", quote(key))
	}
	v, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return 0, c.errorf("metadata %s = %s, want a whole number from 0 to 1<<64 - 1", quote(key), quote(value))
	}
	return v, nil
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

// canonicalNaN replaces every NaN of a tensor of F32 or F64. It compares bits, because loading a signaling
// NaN into a register may change it.
func canonicalNaN(t Tensor) {
	switch t.DType {
	case "F32":
		for b := t.Data; len(b) >= 4; b = b[4:] {
			if binary.LittleEndian.Uint32(b)&0x7fffffff > 0x7f800000 {
				binary.LittleEndian.PutUint32(b, 0x7fc00000)
			}
		}
	case "F64":
		for b := t.Data; len(b) >= 8; b = b[8:] {
			if binary.LittleEndian.Uint64(b)&0x7fffffffffffffff > 0x7ff0000000000000 {
				binary.LittleEndian.PutUint64(b, 0x7ff8000000000000)
			}
		}
	}
}
