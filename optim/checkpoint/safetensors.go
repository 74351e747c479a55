package checkpoint

import (
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// The layout of a safetensors file. The order of tensors and the limit of the header are those of the
// reference implementation, https://github.com/huggingface/safetensors.

// maxHeader is the format's limit of the header's length.
const maxHeader = 100_000_000

// dtypes are the format's element types of whole bytes, in the order of the reference implementation.
var dtypes = []struct {
	name string
	size int
}{
	{"BOOL", 1}, {"U8", 1}, {"I8", 1}, {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"F8_E8M0", 1}, {"I16", 2}, {"U16", 2},
	{"F16", 2}, {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4}, {"C64", 8}, {"F64", 8}, {"I64", 8}, {"U64", 8},
}

func dtypeIndex(name string) int {
	for i, d := range dtypes {
		if d.name == name {
			return i
		}
	}
	return -1
}

func dtypeSize(name string) (size int, ok bool) {
	if i := dtypeIndex(name); i >= 0 {
		return dtypes[i].size, true
	}
	return 0, false
}

func dtypeNames() string {
	var names []string
	for _, d := range dtypes {
		names = append(names, d.name)
	}
	return strings.Join(names, ", ")
}

func mul(a, b uint64) (product uint64, ok bool) {
	hi, lo := bits.Mul64(a, b)
	return lo, hi == 0
}

func validText(s string) bool { return utf8.ValidString(s) }

// quote shows the start of a name or value in an error.
func quote(s string) string {
	const limit = 80
	if len(s) > limit {
		return fmt.Sprintf("%q... (%d bytes)", s[:limit], len(s))
	}
	return fmt.Sprintf("%q", s)
}

// showShape shows the first dimensions of a shape in an error.
func showShape(shape []int) string {
	const limit = 12
	if len(shape) > limit {
		return fmt.Sprintf("%d... (%d dimensions)", shape[:limit], len(shape))
	}
	return fmt.Sprint(shape)
}
