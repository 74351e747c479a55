package checkpoint

import (
	"fmt"
	"maps"
	"slices"

	"github.com/bitstep-go/bitstep/internal/check"
)

// A File is a checkpoint: a set of named tensors and a map of named strings (metadata), as one safetensors file
// holds them. Optimizers, schedules, samplers and trainers add what they must remember under names of
// their own; [File.WriteFile] writes it all at once, and [Read] returns it only when every
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
// Floats are stored as their bits, -0 and subnormals too; every NaN of F32 and F64 is the canonical one, 0x7fc00000 or
// 0x7ff8000000000000 (rule 2 of the numeric contract), whether it was put or read. Those of fewer bits stay as they
// are: what rounds to them makes the same one everywhere (rule 14).
//
// Two keys of the metadata belong to the format of this package. "bitstep" is the version of the format,
// "1". "sha256" is the checksum: 64 lower-case hexadecimal digits of the SHA-256 of the whole file, from the
// length of the header to the last byte, with these 64 digits themselves replaced by 64 digits 0.
//
// # Use
//
// [Put] and the methods that set metadata return no error, so that a chain of them stays readable. The first
// mistake (a name used twice, a shape that does not fit its data, text that is not UTF-8) is kept, further
// ones are dropped, and Err, Encode and WriteFile return it; nothing is written then. A File copies
// what is put, which takes as much memory again. It must not be used by two goroutines at once.
type File struct {
	source  string // how errors begin: a file's path and a colon, or nothing
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

const (
	formatKey     = "bitstep"
	formatVersion = "1"
	checksumKey   = "sha256"
	metadataName  = "__metadata__" // where the header keeps metadata among tensors
)

// New returns a checkpoint that holds nothing.
func New() *File {
	return &File{tensors: map[string]Tensor{}, meta: map[string]string{}}
}

// Err returns the first mistake that was made in filling c, or nil.
func (c *File) Err() error { return c.err }

// Fail keeps a mistake of the caller's in filling c, if it is the first: see [File].
func (c *File) Fail(format string, args ...any) {
	if c.err == nil {
		c.err = c.Errorf(format, args...)
	}
}

// Errorf returns an error that names the file that c was read from, for what a caller finds wrong with its content.
func (c *File) Errorf(format string, args ...any) error {
	return fmt.Errorf("checkpoint: %s"+format, append([]any{c.source}, args...)...)
}

// Put adds a copy of data as the tensor name. The product of shape is len(data); a nil shape stands for one
// dimension, and an empty one that is not nil for a single element without dimensions. A name that c already
// has, one that is not UTF-8, the name __metadata__, a negative dimension and a product other than len(data)
// are mistakes as [File] describes them.
func Put[T Element](c *File, name string, shape []int, data []T) {
	if shape == nil {
		shape = []int{len(data)}
	}
	if n, ok := check.Elements(shape); !ok || n != uint64(len(data)) {
		c.Fail("tensor %s: shape %s, but %d elements", quote(name), showShape(shape), len(data))
		return
	}
	c.put(name, Tensor{dtypeOf[T](), slices.Clone(shape), toBytes(data)})
}

// PutTensor adds a copy of a tensor of any element type of the format. Mistakes are those of [Put], an
// unknown type, and data whose size does not fit type and shape.
func (c *File) PutTensor(name string, t Tensor) {
	t = Tensor{t.DType, append([]int{}, t.Shape...), slices.Clone(t.Data)}
	canonicalNaN(t)
	c.put(name, t)
}

// put adds a tensor with canonical NaN, whose slices become c's.
func (c *File) put(name string, t Tensor) {
	size, known := dtypeSize(t.DType)
	n, ok := check.Elements(t.Shape)
	bytes, fits := mul(n, uint64(size))
	switch {
	case !known:
		c.Fail("tensor %s: dtype %s, want one of %s", quote(name), quote(t.DType), dtypeNames())
	case !ok || !fits || bytes != uint64(len(t.Data)):
		c.Fail("tensor %s: %d bytes do not fit %s %s", quote(name), len(t.Data), t.DType, showShape(t.Shape))
	case name == metadataName:
		c.Fail("tensor %s: the name belongs to the format", quote(name))
	case !validText(name):
		c.Fail("tensor %s: the name is not UTF-8", quote(name))
	default:
		if _, ok := c.tensors[name]; ok {
			c.Fail("tensor %s was put twice", quote(name))
			return
		}
		c.tensors[name] = t
	}
}

// Tensor returns the tensor name as the file holds it, of whatever type. Its slices belong to c and must
// not be changed.
func (c *File) Tensor(name string) (t Tensor, ok bool) {
	t, ok = c.tensors[name]
	return t, ok
}

// Names returns the tensors' names, sorted.
func (c *File) Names() []string { return slices.Sorted(maps.Keys(c.tensors)) }

// Get returns a new slice with the elements of the tensor name. Its type must be T's (nothing is converted)
// and its shape equal to want; a nil want accepts any shape. The error names the file, the tensor, what it
// is and what was wanted.
func Get[T Element](c *File, name string, want []int) ([]T, error) {
	t, ok := c.tensors[name]
	if !ok {
		return nil, c.Errorf("no tensor %s", quote(name))
	}
	if dtype := dtypeOf[T](); t.DType != dtype {
		return nil, c.Errorf("tensor %s has dtype %s, want %s", quote(name), t.DType, dtype)
	}
	if want != nil && !slices.Equal(t.Shape, want) {
		return nil, c.Errorf("tensor %s has shape %s, want %s", quote(name), showShape(t.Shape), showShape(want))
	}
	return fromBytes[T](t.Data), nil
}
