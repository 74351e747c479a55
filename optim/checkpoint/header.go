package checkpoint

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The header of a safetensors file: JSON, of which the format allows little. encoding/json accepts what must
// be refused here (equal keys, bytes that are not UTF-8, halves of surrogate pairs) and gives no offsets.

type header struct {
	meta     map[string]string
	checksum int // where the 64 digits of the checksum start in the header; -1: nowhere
	tensors  []tensorInfo
}

type tensorInfo struct {
	name, dtype string
	shape       []int
	begin, end  uint64 // of the data, from the end of the header
}

// A headerReader goes through the header.
type headerReader struct {
	text []byte
	at   int
	header
}

// parseHeader reads the whole header. Its errors give offsets in the file.
func parseHeader(text []byte) (*header, error) {
	r := headerReader{text: text, header: header{meta: map[string]string{}, checksum: -1}}
	if len(text) == 0 || text[0] != '{' {
		return nil, r.fail(`want { as the header's first byte`)
	}
	if !utf8.Valid(text) {
		for i := 0; ; {
			ch, size := utf8.DecodeRune(text[i:])
			if ch == utf8.RuneError && size == 1 {
				r.at = i
				return nil, r.fail("the header is not UTF-8")
			}
			i += size
		}
	}
	names := map[string]bool{}
	err := r.object(func(name string) error {
		if names[name] {
			return r.fail("the name %s comes twice", quote(name))
		}
		names[name] = true
		if name == metadataName {
			return r.metadata()
		}
		return r.tensor(name)
	})
	if err != nil {
		return nil, err
	}
	if rest := bytes.TrimLeft(text[r.at:], " "); len(rest) > 0 {
		r.at = len(text) - len(rest)
		return nil, r.fail("want only spaces after the header's object")
	}
	return &r.header, nil
}

func (r *headerReader) metadata() error {
	seen := map[string]bool{}
	return r.object(func(key string) error {
		if seen[key] {
			return r.fail("the metadata key %s comes twice", quote(key))
		}
		seen[key] = true
		r.space()
		start := r.at + 1
		value, err := r.str()
		if err != nil {
			return err
		}
		// The digits as they are in the file, not spelled with escapes.
		if key == checksumKey && len(value) == 64 && r.at == start+65 && strings.Trim(value, "0123456789abcdef") == "" {
			r.checksum = start
		}
		r.meta[key] = value
		return nil
	})
}

func (r *headerReader) tensor(name string) error {
	t := tensorInfo{name: name, shape: []int{}}
	seen := map[string]bool{}
	err := r.object(func(field string) (err error) {
		if seen[field] {
			return r.fail("tensor %s: the field %s comes twice", quote(name), quote(field))
		}
		seen[field] = true
		switch field {
		case "dtype":
			t.dtype, err = r.str()
			return err
		case "shape":
			return r.list('[', ']', func() error {
				d, err := r.number()
				if err != nil {
					return err
				}
				if d > math.MaxInt {
					return r.fail("tensor %s: a dimension of %d, want at most %d", quote(name), d, math.MaxInt)
				}
				t.shape = append(t.shape, int(d))
				return nil
			})
		case "data_offsets":
			n := 0
			err := r.list('[', ']', func() error {
				offset, err := r.number()
				if n++; n == 1 {
					t.begin = offset
				} else {
					t.end = offset
				}
				return err
			})
			if err == nil && n != 2 {
				return r.fail("tensor %s: data_offsets has %d numbers, want 2", quote(name), n)
			}
			return err
		default:
			return r.fail("tensor %s: field %s, want dtype, shape and data_offsets", quote(name), quote(field))
		}
	})
	if err != nil {
		return err
	}
	for _, field := range []string{"dtype", "shape", "data_offsets"} {
		if !seen[field] {
			return r.fail("tensor %s: no field %q", quote(name), field)
		}
	}
	r.tensors = append(r.tensors, t)
	return nil
}

func (r *headerReader) fail(format string, args ...any) error {
	return fmt.Errorf("header at offset %d: %s", 8+r.at, fmt.Sprintf(format, args...))
}

// peek returns the next byte, 0 at the end. A byte 0 is never wanted, so that the end is an error.
func (r *headerReader) peek() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *headerReader) space() {
	for ch := r.peek(); ch == ' ' || ch == '\n' || ch == '\r' || ch == '\t'; ch = r.peek() {
		r.at++
	}
}

// want takes the byte ch, after white space.
func (r *headerReader) want(ch byte) error {
	r.space()
	if r.peek() != ch {
		return r.unexpected(string(rune(ch)))
	}
	r.at++
	return nil
}

func (r *headerReader) unexpected(want string) error {
	if r.at >= len(r.text) {
		return r.fail("the header ends, want %s", want)
	}
	return r.fail("%s, want %s", quote(string(r.text[r.at:r.at+1])), want)
}

// list reads items separated by commas.
func (r *headerReader) list(open, end byte, item func() error) error {
	if err := r.want(open); err != nil {
		return err
	}
	r.space()
	if r.peek() == end {
		r.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		r.space()
		switch r.peek() {
		case ',':
			r.at++
		case end:
			r.at++
			return nil
		default:
			return r.unexpected("a comma or " + string(rune(end)))
		}
	}
}

// object reads an object; member reads the value of a key.
func (r *headerReader) object(member func(key string) error) error {
	return r.list('{', '}', func() error {
		key, err := r.str()
		if err != nil {
			return err
		}
		if err := r.want(':'); err != nil {
			return err
		}
		return member(key)
	})
}

// number reads a whole number.
func (r *headerReader) number() (n uint64, err error) {
	r.space()
	start := r.at
	for ch := r.peek(); '0' <= ch && ch <= '9'; ch = r.peek() {
		digit := uint64(ch - '0')
		if n > (math.MaxUint64-digit)/10 {
			return 0, r.fail("a number above 1<<64 - 1")
		}
		n = 10*n + digit
		r.at++
	}
	if r.at == start {
		return 0, r.unexpected("a digit")
	}
	if r.at-start > 1 && r.text[start] == '0' {
		r.at = start
		return 0, r.fail("a number that starts with 0")
	}
	return n, nil
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// str reads a string.
func (r *headerReader) str() (string, error) {
	if err := r.want('"'); err != nil {
		return "", err
	}
	var s []byte
	for {
		start := r.at
		for ch := r.peek(); ch != '"' && ch != '\\' && ch >= ' '; ch = r.peek() {
			r.at++
		}
		s = append(s, r.text[start:r.at]...)
		switch r.peek() {
		case '"':
			r.at++
			return string(s), nil
		case '\\':
			ch, err := r.escape()
			if err != nil {
				return "", err
			}
			s = utf8.AppendRune(s, ch)
		default:
			return "", r.unexpected("the rest of a string")
		}
	}
}

// escape reads an escape sequence, or two that are a surrogate pair.
func (r *headerReader) escape() (rune, error) {
	start := r.at
	r.at++
	if ch, ok := escapes[r.peek()]; ok {
		r.at++
		return rune(ch), nil
	}
	r.at = start
	ch, ok := r.unit()
	if ok && utf16.IsSurrogate(ch) {
		var low rune
		low, ok = r.unit()
		ch = utf16.DecodeRune(ch, low)
		ok = ok && ch != utf8.RuneError
	}
	if !ok {
		r.at = start
		return 0, r.unexpected("a valid escape sequence")
	}
	return ch, nil
}

// unit reads \uXXXX.
func (r *headerReader) unit() (ch rune, ok bool) {
	if len(r.text)-r.at < 6 || r.text[r.at] != '\\' || r.text[r.at+1] != 'u' {
		return 0, false
	}
	for _, digit := range r.text[r.at+2 : r.at+6] {
		v := strings.IndexByte("0123456789abcdef", digit|0x20)
		if v < 0 {
			return 0, false
		}
		ch = ch<<4 | rune(v)
	}
	r.at += 6
	return ch, true
}
