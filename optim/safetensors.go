package optim

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"os"
	"slices"
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

// elements multiplies the dimensions in order; ok is false when one is negative or a product overflows.
func elements(shape []int) (n uint64, ok bool) {
	n = 1
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		if n, ok = mul(n, uint64(d)); !ok {
			return 0, false
		}
	}
	return n, true
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

// appendString appends s as JSON. encoding/json is not used because its choice among equivalent escapes has
// changed between versions of Go.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch ch := s[i]; {
		case ch == '"' || ch == '\\':
			b = append(b, '\\', ch)
		case ch < ' ':
			b = fmt.Appendf(b, `\u%04x`, ch)
		default:
			b = append(b, ch)
		}
	}
	return append(b, '"')
}

// layout returns the 8 bytes of length and the header, with the checksum at digits all 0, and the names of
// the tensors in the order of their data.
func (c *Checkpoint) layout() (head []byte, digits int, order []string, err error) {
	order = c.Names()
	slices.SortStableFunc(order, func(a, b string) int {
		return cmp.Compare(dtypeIndex(c.tensors[b].DType), dtypeIndex(c.tensors[a].DType))
	})
	keys := slices.DeleteFunc(c.MetaKeys(), func(key string) bool { return key == formatKey || key == checksumKey })
	keys = append(keys, formatKey, checksumKey)
	slices.Sort(keys)

	head = append(make([]byte, 8), `{"__metadata__":{`...)
	for i, key := range keys {
		if i > 0 {
			head = append(head, ',')
		}
		head = append(appendString(head, key), ':')
		switch key {
		case formatKey:
			head = appendString(head, formatVersion)
		case checksumKey:
			digits = len(head) + 1
			head = appendString(head, strings.Repeat("0", hex.EncodedLen(sha256.Size)))
		default:
			head = appendString(head, c.meta[key])
		}
	}
	head = append(head, '}')
	offset := 0
	for _, name := range order {
		t := c.tensors[name]
		head = append(appendString(append(head, ','), name), `:{"dtype":`...)
		head = append(appendString(head, t.DType), `,"shape":[`...)
		for i, d := range t.Shape {
			if i > 0 {
				head = append(head, ',')
			}
			head = fmt.Append(head, d)
		}
		head = fmt.Appendf(head, `],"data_offsets":[%d,%d]}`, offset, offset+len(t.Data))
		offset += len(t.Data)
	}
	head = append(head, '}')
	for len(head)%8 != 0 {
		head = append(head, ' ')
	}
	if len(head)-8 > maxHeader {
		return nil, 0, nil, c.errorf("the header takes %d bytes, the format allows %d", len(head)-8, maxHeader)
	}
	binary.LittleEndian.PutUint64(head, uint64(len(head)-8))
	return head, digits, order, nil
}

// Encode writes the bytes of c's file to w. Its error is the first mistake made in filling c (see
// [Checkpoint]), a header of more than 100,000,000 bytes, or what w returned.
func (c *Checkpoint) Encode(w io.Writer) error {
	if c.err != nil {
		return c.err
	}
	head, digits, order, err := c.layout()
	if err != nil {
		return err
	}
	sum := sha256.New()
	sum.Write(head)
	for _, name := range order {
		sum.Write(c.tensors[name].Data)
	}
	hex.Encode(head[digits:], sum.Sum(nil))
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, name := range order {
		if _, err := w.Write(c.tensors[name].Data); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes c to the file path, atomically: whenever the process or the machine stops, path is the
// file that was there before or the whole new one. The bytes go to a new file in the same folder, named
// ".NAME.RANDOM.tmp", which is flushed to the disk and then renamed to path; then the folder is flushed too
// (except on windows, plan9 and wasip1, which do not offer that). On an error the new file is removed and
// path is as it was. An error in flushing the folder alone comes when the rename has been done. A process
// that is killed leaves its temporary file behind.
//
// A new file's mode is 0666 less the umask, as with [os.Create]; a file that is replaced passes its mode on,
// where the system has modes. Where path is a symbolic link, the file that it points at is replaced (or made) and
// the link stays. Anything else that is no regular file, such as a folder or a device, is refused.
func (c *Checkpoint) WriteFile(path string) error {
	if c.err != nil {
		return c.err
	}
	if err := ReplaceFile(path, c.Encode); err != nil {
		return fmt.Errorf("optim: writing %s: %w", path, err)
	}
	return nil
}

// ReadCheckpoint reads a file that [Checkpoint.WriteFile] wrote. It checks everything before it returns:
// the header's syntax, that names are unique, that types, shapes and offsets agree, that the tensors cover
// the file without a hole, an overlap or a byte left over, the version, and the checksum. An error names the
// file, and the offset or the field; no part of a wrong file is returned. A file of another program, which
// lacks the metadata key "bitstep", is an error: see [ReadTensors].
func ReadCheckpoint(path string) (*Checkpoint, error) { return readFile(path, true) }

// ReadTensors reads any valid safetensors file, also one of another program, with the checks of
// [ReadCheckpoint] except the last two: version and checksum are checked only if the metadata has the key
// "bitstep", so that a damaged checkpoint is refused here too. Of the format's element types those of 4 and 6
// bits are unknown to this package, and an error. [Get] returns tensors of [Element]'s types, and
// [Checkpoint.Tensor] the bytes of all. The whole file is held in memory.
func ReadTensors(path string) (*Checkpoint, error) { return readFile(path, false) }

func readFile(path string, own bool) (*Checkpoint, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("optim: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("optim: %w", err)
	}
	size := int64(-1)
	if info.Mode().IsRegular() {
		size = info.Size()
	}
	c, err := decode(f, size, own)
	if err != nil {
		return nil, fmt.Errorf("optim: %s: %w", path, err)
	}
	c.source = path
	return c, nil
}

// DecodeCheckpoint is [ReadCheckpoint] for the bytes of a reader, which it reads to the end. The argument
// size is how many bytes r holds, or -1 when that is unknown; then memory grows with what r gives, not with
// what its header claims.
func DecodeCheckpoint(r io.Reader, size int64) (*Checkpoint, error) {
	c, err := decode(r, size, true)
	if err != nil {
		return nil, fmt.Errorf("optim: checkpoint: %w", err)
	}
	return c, nil
}

// decode reads a file; with own, only one of this package.
func decode(r io.Reader, size int64, own bool) (*Checkpoint, error) {
	var length [8]byte
	if n, err := io.ReadFull(r, length[:]); err != nil {
		return nil, ended(err, n, "the header's length, 8 bytes")
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader {
		return nil, fmt.Errorf("offset 0: the header's length is %d, the format allows %d", n, maxHeader)
	}
	if size >= 0 && int64(n) > size-8 {
		return nil, fmt.Errorf("offset 0: the header's length is %d, but the file has %d bytes", n, size)
	}
	text, err := readN(r, n, size >= 0)
	if err != nil {
		return nil, ended(err, 8+len(text), fmt.Sprintf("the header, %d bytes", n))
	}
	h, err := parseHeader(text)
	if err != nil {
		return nil, err
	}
	total, err := h.check()
	if err != nil {
		return nil, err
	}
	if total > math.MaxInt-8-maxHeader {
		return nil, fmt.Errorf("the tensors take %d bytes, more than memory can hold", total)
	}
	whole := 8 + int64(n) + int64(total)
	if size >= 0 && whole != size {
		return nil, fmt.Errorf("the header describes a file of %d bytes, but the file has %d", whole, size)
	}
	data, err := readN(r, total, size >= 0)
	if err != nil {
		return nil, ended(err, 8+len(text)+len(data), fmt.Sprintf("the tensors, %d bytes", total))
	}
	if k, err := io.ReadFull(r, make([]byte, 1)); k > 0 {
		return nil, fmt.Errorf("offset %d: bytes after the last tensor", whole)
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := h.verify(own, length[:], text, data); err != nil {
		return nil, err
	}
	c := &Checkpoint{source: "checkpoint", tensors: make(map[string]Tensor, len(h.tensors)), meta: h.meta}
	for _, i := range h.tensors {
		t := Tensor{i.dtype, i.shape, data[i.begin:i.end:i.end]}
		canonicalNaN(t)
		c.tensors[i.name] = t
	}
	return c, nil
}

// readN reads n bytes. Unless the reader is known to hold them, memory grows with what comes.
func readN(r io.Reader, n uint64, known bool) (data []byte, err error) {
	if known {
		data = make([]byte, n)
		k, err := io.ReadFull(r, data)
		return data[:k], err
	}
	data, err = io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && uint64(len(data)) < n {
		err = io.ErrUnexpectedEOF
	}
	return data, err
}

// ended says where a file ends too early, or passes on another error of reading.
func ended(err error, at int, inside string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the file ends at offset %d, inside %s", at, inside)
	}
	return err
}

// check compares types, shapes and offsets, and returns the size of all tensors' data.
func (h *header) check() (total uint64, err error) {
	for _, t := range h.tensors {
		size, known := dtypeSize(t.dtype)
		if !known {
			return 0, fmt.Errorf("tensor %s: dtype %s, want one of %s", quote(t.name), quote(t.dtype), dtypeNames())
		}
		n, ok := elements(t.shape)
		bytes, fits := mul(n, uint64(size))
		if !ok || !fits {
			return 0, fmt.Errorf("tensor %s: the size of shape %s overflows", quote(t.name), showShape(t.shape))
		}
		if t.end < t.begin || t.end-t.begin != bytes {
			return 0, fmt.Errorf("tensor %s: data_offsets [%d,%d], but %s %s takes %d bytes", quote(t.name), t.begin,
				t.end, t.dtype, showShape(t.shape), bytes)
		}
	}
	order := slices.Clone(h.tensors)
	slices.SortFunc(order, func(a, b tensorInfo) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), strings.Compare(a.name, b.name))
	})
	for _, t := range order {
		if t.begin != total {
			what := "leave a hole after"
			if t.begin < total {
				what = "overlap"
			}
			return 0, fmt.Errorf("tensor %s: data_offsets [%d,%d] %s what comes before, which ends at %d",
				quote(t.name), t.begin, t.end, what, total)
		}
		total = t.end
	}
	return total, nil
}

// verify checks version and checksum of a checkpoint, and of any file that says that it is one.
func (h *header) verify(own bool, length, text, data []byte) error {
	version, ok := h.meta[formatKey]
	if !ok && !own {
		return nil
	}
	if !ok {
		return fmt.Errorf("no metadata %q: a safetensors file, but not a bitstep checkpoint", formatKey)
	}
	if version != formatVersion {
		return fmt.Errorf("metadata %q = %s, want %q", formatKey, quote(version), formatVersion)
	}
	stated := h.meta[checksumKey]
	if h.checksum < 0 {
		return fmt.Errorf("metadata %q = %s, want 64 lower-case hexadecimal digits", checksumKey, quote(stated))
	}
	sum := sha256.New()
	sum.Write(length)
	sum.Write(text[:h.checksum])
	sum.Write([]byte(strings.Repeat("0", len(stated))))
	sum.Write(text[h.checksum+len(stated):])
	sum.Write(data)
	if got := hex.EncodeToString(sum.Sum(nil)); got != stated {
		return fmt.Errorf("the file's checksum is %s, metadata %q says %s: the file was altered or damaged", got,
			checksumKey, stated)
	}
	return nil
}
