package checkpoint

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
)

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

// layout returns the 8 bytes of length and the header, with the checksum at digits all 0, or without one if bare, and
// the names of the tensors in the order of their data.
func (c *File) layout(bare bool) (head []byte, digits int, order []string, err error) {
	order = c.Names()
	slices.SortStableFunc(order, func(a, b string) int {
		return cmp.Compare(dtypeIndex(c.tensors[b].DType), dtypeIndex(c.tensors[a].DType))
	})
	keys := slices.DeleteFunc(c.MetaKeys(), func(key string) bool { return key == formatKey || key == checksumKey })
	keys = append(keys, formatKey)
	if !bare {
		keys = append(keys, checksumKey)
	}
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
		return nil, 0, nil, c.Errorf("the header takes %d bytes, the format allows %d", len(head)-8, maxHeader)
	}
	binary.LittleEndian.PutUint64(head, uint64(len(head)-8))
	return head, digits, order, nil
}

// Encode writes the bytes of c's file to w. Its error is the first mistake made in filling c (see
// [File]), a header of more than 100,000,000 bytes, or what w returned.
func (c *File) Encode(w io.Writer) error { return c.encode(w, false) }

// EncodeBare is [File.Encode] without the checksum, for a caller that keeps a digest of the bytes: to hash them once is
// most of what they take. [DecodeBare] reads them; [Read] and [Decode] refuse what has no checksum.
func (c *File) EncodeBare(w io.Writer) error { return c.encode(w, true) }

func (c *File) encode(w io.Writer, bare bool) error {
	if c.err != nil {
		return c.err
	}
	head, digits, order, err := c.layout(bare)
	if err != nil {
		return err
	}
	if !bare {
		sum := sha256.New()
		sum.Write(head)
		for _, name := range order {
			sum.Write(c.tensors[name].Data)
		}
		hex.Encode(head[digits:], sum.Sum(nil))
	}
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
func (c *File) WriteFile(path string) error {
	if c.err != nil {
		return c.err
	}
	if err := Replace(path, c.Encode); err != nil {
		return fmt.Errorf("checkpoint: writing %s: %w", path, err)
	}
	return nil
}
