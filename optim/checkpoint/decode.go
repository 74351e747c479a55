package checkpoint

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/bitstep-go/bitstep/internal/check"
)

// Read reads a file that [File.WriteFile] wrote. It checks everything before it returns:
// the header's syntax, that names are unique, that types, shapes and offsets agree, that the tensors cover
// the file without a hole, an overlap or a byte left over, the version, and the checksum. An error names the
// file, and the offset or the field; no part of a wrong file is returned. A file of another program, which
// lacks the metadata key "bitstep", is an error: see [ReadTensors].
func Read(path string) (*File, error) { return readFile(path, own) }

// ReadTensors reads any valid safetensors file, also one of another program, with the checks of
// [Read] except the last two: version and checksum are checked only if the metadata has the key
// "bitstep", so that a damaged checkpoint is refused here too. Of the format's element types those of 4 and 6
// bits are unknown to this package, and an error. [Get] returns tensors of [Element]'s types, and
// [File.Tensor] the bytes of all. The whole file is held in memory:
// here and in Read, tensors of more bytes than the machine has (on Linux) or than 1<<40 (elsewhere) are an error.
func ReadTensors(path string) (*File, error) { return readFile(path, foreign) }

func readFile(path string, k kind) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	size := int64(-1)
	if info.Mode().IsRegular() {
		size = info.Size()
	}
	c, err := decode(f, size, k)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	c.source = path + ": "
	return c, nil
}

// Decode is [Read] for the bytes of a reader, which it reads to the end. The argument
// size is how many bytes r holds, or -1 when that is unknown; then memory grows with what r gives, not with
// what its header claims.
func Decode(r io.Reader, size int64) (*File, error) {
	c, err := decode(r, size, own)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	return c, nil
}

// DecodeBare is [Decode] for what [File.EncodeBare] wrote, with all checks but that of a checksum, which must not be
// there.
func DecodeBare(b []byte) (*File, error) {
	c, err := decode(bytes.NewReader(b), int64(len(b)), bare)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	return c, nil
}

// A kind says which files are read.
type kind uint8

const (
	own     kind = iota // of this package
	bare                // of this package, without a checksum
	foreign             // of other programs, too
)

// decode reads a file of a kind.
func decode(r io.Reader, size int64, k kind) (*File, error) {
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
	if most := min(check.Memory(), math.MaxInt-8-maxHeader); total > most {
		return nil, fmt.Errorf("the tensors take %d bytes, more than memory can hold, %d bytes", total, most)
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
	if err := h.verify(k, length[:], text, data); err != nil {
		return nil, err
	}
	c := &File{tensors: make(map[string]Tensor, len(h.tensors)), meta: h.meta}
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
		n, ok := check.Elements(t.shape)
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
func (h *header) verify(k kind, length, text, data []byte) error {
	version, ok := h.meta[formatKey]
	if !ok && k == foreign {
		return nil
	}
	if !ok {
		return fmt.Errorf("no metadata %q: a safetensors file, but not a bitstep checkpoint", formatKey)
	}
	if version != formatVersion {
		return fmt.Errorf("metadata %q = %s, want %q", formatKey, quote(version), formatVersion)
	}
	stated, has := h.meta[checksumKey]
	if k == bare {
		if has {
			return fmt.Errorf("metadata %q, want none where the bytes have a digest of their own", checksumKey)
		}
		return nil
	}
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
