package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// sample returns a checkpoint with every element type, the edges of floats, and names that need escapes.
func sample() *File {
	c := New()
	Put(c, "b", []int{2, 3}, []float32{1, float32(math.Copysign(0, -1)), 0x1p-149, float32(math.Inf(-1)),
		math.Float32frombits(0xffc12345), math.MaxFloat32})
	Put(c, "a", []int{}, []float32{0.1})
	Put(c, "d", nil, []float64{math.Pi, math.Copysign(0, -1), 0x1p-1074, math.Inf(1),
		math.Float64frombits(0x7ff0000000000001), -math.MaxFloat64})
	Put(c, "u", []int{1, 2}, []uint64{0, math.MaxUint64})
	Put(c, "i", nil, []int64{math.MinInt64, -1})
	Put(c, "bytes", nil, []uint8{0, 1, 255})
	Put(c, "empty", []int{3, 0}, []float64{})
	Put(c, "quote \" back \\ tab \t nul \x00 ö 𝄞 \u2028 <", nil, []float32{2})
	c.SetMeta("name", "line\nbreak")
	c.SetMeta("zebra", "")
	c.SetMetaFloat("lr", 0.1)
	c.SetMetaUint("steps", math.MaxUint64)
	return c
}

func encode(t testing.TB, c *File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// equalCheckpoints compares what two checkpoints hold, except the keys of the format.
func equalCheckpoints(a, b *File) bool {
	user := func(c *File) map[string]string {
		m := maps.Clone(c.meta)
		delete(m, formatKey)
		delete(m, checksumKey)
		return m
	}
	return maps.Equal(user(a), user(b)) && maps.EqualFunc(a.tensors, b.tensors, func(s, t Tensor) bool {
		return s.DType == t.DType && slices.Equal(s.Shape, t.Shape) && bytes.Equal(s.Data, t.Data)
	})
}

// The bytes of a file, written out by hand from the format's description.
func TestArchCheckpointBytes(t *testing.T) {
	c := New()
	Put(c, "w", []int{1, 2}, []float32{1, float32(math.NaN())})
	Put(c, "s", nil, []uint8{7})
	Put(c, "m", []int{}, []float64{-2})
	c.SetMeta("k", "v")
	const sum = "0000000000000000000000000000000000000000000000000000000000000000"
	head := `{"__metadata__":{"bitstep":"1","k":"v","sha256":"` + sum + `"},` +
		`"m":{"dtype":"F64","shape":[],"data_offsets":[0,8]},` +
		`"w":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]},` +
		`"s":{"dtype":"U8","shape":[1],"data_offsets":[16,17]}}`
	head += strings.Repeat(" ", (8-len(head)%8)%8)
	want := string([]byte{byte(len(head)), byte(len(head) >> 8), 0, 0, 0, 0, 0, 0}) + head +
		"\x00\x00\x00\x00\x00\x00\x00\xc0" + "\x00\x00\x80\x3f\x00\x00\xc0\x7f" + "\x07"
	digest := sha256.Sum256([]byte(want))
	want = strings.Replace(want, sum, hex.EncodeToString(digest[:]), 1)
	if got := string(encode(t, c)); got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

// A file's bytes are the same on every machine, and it reads back as what was put.
func TestGoldenCheckpoint(t *testing.T) {
	c := sample()
	file := encode(t, c)
	sum := sha256.Sum256(file)
	const want = "20908d5d2ddc08a9f5c7ab776fbbeb643bff2bd2403750967c73d2217e93e372"
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("the file's hash is %s, want %s", got, want)
	}
	if n := binary.LittleEndian.Uint64(file); n%8 != 0 || file[8] != '{' {
		t.Errorf("header of %d bytes starts with %q", n, file[8])
	}
	var bare bytes.Buffer
	if err := c.EncodeBare(&bare); err != nil {
		t.Fatal(err)
	}
	sum = sha256.Sum256(bare.Bytes())
	const wantBare = "6d461b020715c17f2a8c613537e27aefb86a11e1643cd3a57b03a3e0cc7c8e02"
	if got := hex.EncodeToString(sum[:]); got != wantBare {
		t.Errorf("without a checksum its hash is %s, want %s", got, wantBare)
	}
	if _, err := Decode(&bare, -1); err == nil || !strings.Contains(err.Error(), `metadata "sha256" = ""`) {
		t.Errorf("a file without a checksum: %v", err)
	}
	if _, err := DecodeBare(file); err == nil || !strings.Contains(err.Error(), `metadata "sha256", want none`) {
		t.Errorf("a checksum where there is none: %v", err)
	}
	for _, size := range []int64{-1, int64(len(file))} {
		back, err := Decode(bytes.NewReader(file), size)
		if err != nil {
			t.Fatal(err)
		}
		if !equalCheckpoints(c, back) {
			t.Errorf("read %v, want %v", back, c)
		}
		if again := encode(t, back); !bytes.Equal(again, file) {
			t.Error("what was read is written differently")
		}
		if v, err := back.MetaFloat("lr"); v != 0.1 || err != nil {
			t.Errorf("lr = %v, %v", v, err)
		}
		if v, err := back.MetaUint("steps"); v != math.MaxUint64 || err != nil {
			t.Errorf("steps = %v, %v", v, err)
		}
		f, err := Get[float32](back, "b", []int{2, 3})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []uint32{0x3f800000, 0x80000000, 1, 0xff800000, 0x7fc00000, 0x7f7fffff} {
			if got := math.Float32bits(f[i]); got != want {
				t.Errorf("b[%d] = %#x, want %#x", i, got, want)
			}
		}
		d, err := Get[float64](back, "d", nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []uint64{0x400921fb54442d18, 1 << 63, 1, 0x7ff << 52, 0x7ff8 << 48, 0xffefffffffffffff} {
			if got := math.Float64bits(d[i]); got != want {
				t.Errorf("d[%d] = %#x, want %#x", i, got, want)
			}
		}
		u, err1 := Get[uint64](back, "u", nil)
		i, err2 := Get[int64](back, "i", nil)
		b, err3 := Get[uint8](back, "bytes", nil)
		if !slices.Equal(u, []uint64{0, math.MaxUint64}) || !slices.Equal(i, []int64{math.MinInt64, -1}) ||
			!bytes.Equal(b, []byte{0, 1, 255}) || errors.Join(err1, err2, err3) != nil {
			t.Errorf("got %v, %v, %v, %v", u, i, b, errors.Join(err1, err2, err3))
		}
	}
}

// PutTensor makes NaN canonical as Put does, in its copy: of floats of 16 bits, all are as they were put.
func TestPutTensor(t *testing.T) {
	for _, c := range []struct{ dtype, put, want string }{
		{"F32", "\x01\x00\x80\x7f\x00\x00\x80\x3f", "\x00\x00\xc0\x7f\x00\x00\x80\x3f"},
		{"F64", "\x01\x00\x00\x00\x00\x00\xf0\xff", "\x00\x00\x00\x00\x00\x00\xf8\x7f"},
		{"F16", "\x01\x7e", "\x01\x7e"},
		{"BF16", "\xc1\x7f", "\xc1\x7f"},
	} {
		f, data := New(), []byte(c.put)
		size, _ := dtypeSize(c.dtype)
		f.PutTensor("x", Tensor{c.dtype, []int{len(data) / size}, data})
		got, ok := f.Tensor("x")
		if !ok || string(got.Data) != c.want || string(data) != c.put {
			t.Errorf("%s: % x became % x, want % x; the caller's are % x", c.dtype, c.put, got.Data, c.want, data)
		}
	}
}

func TestGetErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.safetensors")
	if err := sample().WriteFile(path); err != nil {
		t.Fatal(err)
	}
	c, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	get := func(_ any, err error) error { return err }
	_, noFloat := c.MetaFloat("nothing")
	_, badFloat := c.MetaFloat("name")
	_, badUint := c.MetaUint("lr")
	for _, test := range []struct {
		err  error
		want string
	}{
		{get(Get[float32](c, "x", nil)), `no tensor "x"`},
		{get(Get[float64](c, "b", nil)), `tensor "b" has dtype F32, want F64`},
		{get(Get[float32](c, "b", []int{3, 2})), `tensor "b" has shape [2 3], want [3 2]`},
		{get(Get[float32](c, "a", []int{1})), `tensor "a" has shape [], want [1]`},
		{get(Get[float32](c, "b", []int{})), `tensor "b" has shape [2 3], want []`},
		{noFloat, `no metadata "nothing"`},
		{badFloat, `metadata "name" = "line\nbreak", want a float64`},
		{badUint, `metadata "lr" = "0x1.999999999999ap-04", want a whole number from 0 to 1<<64 - 1`},
	} {
		if want := "checkpoint: " + path + ": " + test.want; test.err == nil || test.err.Error() != want {
			t.Errorf("got error %v, want %s", test.err, want)
		}
	}
}

// A mistake in filling a checkpoint is reported by what writes it, and nothing is written.
func TestPutMistakes(t *testing.T) {
	for _, test := range []struct {
		put  func(c *File)
		want string
	}{
		{func(c *File) { Put(c, "w", nil, []float32{1}) }, `tensor "w" was put twice`},
		{func(c *File) { Put(c, "x", []int{2}, []float32{1}) }, `tensor "x": shape [2], but 1 elements`},
		{func(c *File) { Put(c, "x", []int{-1, -1}, []float32{1}) }, `shape [-1 -1], but 1 elements`},
		{func(c *File) { Put(c, "x", []int{math.MaxInt, math.MaxInt, 4}, []float32{}) }, `but 0 elements`},
		{func(c *File) { Put(c, "\xff", nil, []float32{1}) }, `tensor "\xff": the name is not UTF-8`},
		{func(c *File) { Put(c, "__metadata__", nil, []float32{1}) }, `the name belongs to the format`},
		{func(c *File) { c.PutTensor("x", Tensor{DType: "F4"}) }, `tensor "x": dtype "F4", want one of BOOL, U8`},
		{func(c *File) { c.PutTensor("x", Tensor{"I16", []int{2}, []byte{1}}) }, `1 bytes do not fit I16 [2]`},
		{func(c *File) { c.SetMeta("sha256", "x") }, `metadata "sha256": the key belongs to the format`},
		{func(c *File) { c.SetMeta("bitstep", "x") }, `metadata "bitstep": the key belongs to the format`},
		{func(c *File) { c.SetMeta("k", "\xff") }, `metadata "k" = "\xff": not UTF-8`},
		{func(c *File) { c.SetMeta("\xff", "v") }, `metadata "\xff" = "v": not UTF-8`},
	} {
		c := New()
		Put(c, "w", nil, []float32{1})
		if c.Err() != nil {
			t.Fatal(c.Err())
		}
		test.put(c)
		Put(c, "w", []int{5}, []float32{1}) // a later mistake
		path := filepath.Join(t.TempDir(), "file")
		for _, err := range []error{c.Err(), c.Encode(io.Discard), c.WriteFile(path)} {
			if err == nil || !strings.HasPrefix(err.Error(), "checkpoint: ") ||
				!strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %s", err, test.want)
			}
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a file was written: %v", test.want, err)
		}
	}
}

// raw makes a file of a header and data.
func raw(head string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(head)))
	return append(append(b, head...), make([]byte, data)...)
}

var badFiles = []struct {
	file []byte
	want string
}{
	{nil, "the file ends at offset 0, inside the header's length, 8 bytes"},
	{make([]byte, 7), "the file ends at offset 7, inside the header's length"},
	{make([]byte, 8), "header at offset 8: want { as the header's first byte"},
	{raw(" {}", 0), "header at offset 8: want {"},
	{raw("\xef\xbb\xbf{}", 0), "header at offset 8: want {"},
	{[]byte("\x03\x00\x00\x00\x00\x00\x00\x00{}"), "header"},
	{[]byte("\xff\xff\xff\xff\xff\xff\xff\xff{}"),
		"the header's length is 18446744073709551615, the format allows 100000000"},
	{[]byte("\x01\xe1\xf5\x05\x00\x00\x00\x00{}"), "the header's length is 100000001, the format allows 100000000"},
	{[]byte("\x00\xe1\xf5\x05\x00\x00\x00\x00{}"), "header"},
	{raw(`{"a`, 0), "header at offset 11: the header ends, want the rest of a string"},
	{raw(`{"a":{}`, 0), `header at offset 15: tensor "a": no field "dtype"`},
	{raw(`{`, 0), `header at offset 9: the header ends, want "`},
	{raw(`{,}`, 0), `header at offset 9: ",", want "`},
	{raw(`{} x`, 0), "header at offset 11: want only spaces after the header's object"},
	{raw("{}\n", 0), "header at offset 10: want only spaces"},
	{raw(`{}`, 1), ""}, // trailing; the words depend on whether the size is known
	{raw("{\"\xff\":{}}", 0), "header at offset 10: the header is not UTF-8"},
	{raw(`{"\ud800":{}}`, 0), `header at offset 10: "\\", want a valid escape sequence`},
	{raw(`{"\ud800\u0041":{}}`, 0), "want a valid escape sequence"},
	{raw(`{"\udc00\ud800":{}}`, 0), "want a valid escape sequence"},
	{raw(`{"\u12g4":{}}`, 0), "want a valid escape sequence"},
	{raw(`{"\x":{}}`, 0), "want a valid escape sequence"},
	{raw("{\"a\nb\":{}}", 0), `"\n", want the rest of a string`},
	{raw(`{"a":1}`, 0), `header at offset 13: "1", want {`},
	{raw(`{"a" {}}`, 0), `"{", want :`},
	{raw(`{"a":{"dtype":5}}`, 0), `"5", want "`},
	{raw(`{"a":{"dtype":"F32","shape":{},"data_offsets":[0,0]}}`, 0), `"{", want [`},
	{raw(`{"a":{"dtype":"F32","shape":[1,],"data_offsets":[0,4]}}`, 4), `"]", want a digit`},
	{raw(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4), `"-", want a digit`},
	{raw(`{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}`, 4), `".", want a comma or ]`},
	{raw(`{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}`, 4), `"e", want a comma or ]`},
	{raw(`{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}`, 4), "a number that starts with 0"},
	{raw(`{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}`, 4), "want a digit"},
	{raw(`{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}}`, 4), "a number above 1<<64 - 1"},
	{raw(`{"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}}`, 4),
		`tensor "a": a dimension of 18446744073709551615, want at most`},
	{raw(`{"a":{"dtype":"F32","shape":[2147483647,2147483647,8],"data_offsets":[0,0]}}`, 0),
		`tensor "a": the size of shape [2147483647 2147483647 8] overflows`},
	{raw(`{"a":{"dtype":"F64","shape":[2147483647,2147483647],"data_offsets":[0,0]}}`, 0),
		`tensor "a": the size of shape [2147483647 2147483647] overflows`},
	{raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}`, 4), "data_offsets has 1 numbers, want 2"},
	{raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}`, 4), "data_offsets has 3 numbers, want 2"},
	{raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, 4), "data_offsets [4,0], but F32 [1] takes 4 bytes"},
	{raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4), "data_offsets [0,4], but F32 [2] takes 8 bytes"},
	{raw(`{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}`, 4), `tensor "a": dtype "F31", want one of BOOL`},
	{raw(`{"a":{"shape":[1],"data_offsets":[0,4]}}`, 4), `tensor "a": no field "dtype"`},
	{raw(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, 4), `tensor "a": no field "shape"`},
	{raw(`{"a":{"dtype":"F32","shape":[1]}}`, 4), `tensor "a": no field "data_offsets"`},
	{raw(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4),
		`tensor "a": the field "dtype" comes twice`},
	{raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, 4), `tensor "a": field "x", want dtype`},
	{raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},`+
		`"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`,
		2), `the name "a" comes twice`},
	{raw(`{"__metadata__":{},"__metadata__":{}}`, 0), `the name "__metadata__" comes twice`},
	{raw(`{"__metadata__":{"k":"1","k":"1"}}`, 0), `the metadata key "k" comes twice`},
	{raw(`{"__metadata__":{"k":1}}`, 0), `"1", want "`},
	{raw(`{"__metadata__":null}`, 0), `"n", want {`},
	{raw(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},`+
		`"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3),
		`tensor "b": data_offsets [1,3] overlap what comes before, which ends at 2`},
	{raw(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},`+
		`"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 2),
		`tensor "b": data_offsets [0,2] overlap`},
	{raw(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},`+
		`"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}`, 5),
		`tensor "b": data_offsets [3,5] leave a hole after what comes before, which ends at 2`},
	{raw(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3), "leave a hole after"},
	{raw(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 1), ""}, // truncated
	{raw(`{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}`, 1), ""},
	{raw(`{"__metadata__":{"bitstep":"2"}}`, 0), `metadata "bitstep" = "2", want "1"`},
	{raw(`{"__metadata__":{"bitstep":"1"}}`, 0), `metadata "sha256" = "", want 64 lower-case hexadecimal digits`},
	{raw(`{"__metadata__":{"bitstep":"1","sha256":"`+strings.Repeat("A", 64)+`"}}`, 0), `want 64 lower-case`},
	{raw(`{"__metadata__":{"bitstep":"1","sha256":"`+`\u0030`+strings.Repeat("0", 63)+`"}}`, 0), `want 64 lower-case`},
	{raw(`{"__metadata__":{"bitstep":"1","sha256":"`+strings.Repeat("0", 64)+`"}}`, 0), `was altered or damaged`},
}

// A wrong file is an error that says what is wrong and where, through a file, a reader of known size and one
// of unknown size, and from no reader of a small file comes a large allocation.
func TestBadFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad")
	for _, test := range badFiles {
		if err := os.WriteFile(path, test.file, 0o644); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i, read := range []func() (*File, error){
			func() (*File, error) { return ReadTensors(path) },
			func() (*File, error) { return Read(path) },
			func() (*File, error) {
				return Decode(bytes.NewReader(test.file), int64(len(test.file)))
			},
			func() (*File, error) { return Decode(bytes.NewReader(test.file), -1) },
		} {
			prefix := "checkpoint: "
			if i < 2 {
				prefix = "checkpoint: " + path + ": "
			}
			c, err := read()
			if err == nil {
				t.Errorf("%q: no error, want %s", test.file, test.want)
			} else if c != nil || !strings.HasPrefix(err.Error(), prefix) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q:\ngot  %v,\nwant %s%s", test.file, err, prefix, test.want)
			}
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 1<<18 {
			t.Errorf("%q: reading took %d bytes of memory", test.file, got)
		}
	}
	if _, err := Read(filepath.Join(path, "nothing")); !strings.HasPrefix(err.Error(), "checkpoint: open ") {
		t.Error(err)
	}
	_, err := Read(path + "-")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// No file that differs in one bit, ends early or goes on is taken for a checkpoint.
func TestDamage(t *testing.T) {
	file := encode(t, sample())
	check := func(what string, at int) {
		for _, size := range []int64{-1, int64(len(file))} {
			if c, err := Decode(bytes.NewReader(file), size); c != nil || err == nil {
				t.Errorf("%s at %d: no error", what, at)
			}
		}
	}
	for i := range file {
		for bit := range 8 {
			file[i] ^= 1 << bit
			check("altered", i)
			file[i] ^= 1 << bit
		}
	}
	whole := file
	for i := range whole {
		file = whole[:i]
		check("truncated", i)
	}
	file = append(slices.Clone(whole), 0)
	check("longer", len(whole))
	file = whole
	if _, err := Decode(bytes.NewReader(file), -1); err != nil {
		t.Error(err)
	}
}

// Files of other programs: no keys of ours, white space, other orders, other types, NaNs with payloads.
func TestReadTensors(t *testing.T) {
	head := "{ \"h\" :\t{\"data_offsets\":[ 8 , 12],\n\"shape\":[2],\"dtype\":\"F16\"} ,\r\n" +
		`"f\u00f6\/\ud834\udd1e\n":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},` +
		`"none":{"dtype":"F32","shape":[0],"data_offsets":[8,8]},` +
		`"__metadata__":{"format":"pt","sha256":"of something else"}}   `
	file := append(raw(head, 0), "\x01\x00\x80\x7f\x00\x00\x80\xbf\x01\x7e\x00\x3c"...)
	path := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := ReadTensors(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"fö/𝄞\n", "h", "none"}; !slices.Equal(c.Names(), want) {
		t.Errorf("names %q, want %q", c.Names(), want)
	}
	f, err := Get[float32](c, "fö/𝄞\n", []int{1, 2})
	if err != nil || math.Float32bits(f[0]) != 0x7fc00000 || f[1] != -1 {
		t.Errorf("got %v, %v", f, err)
	}
	if h, ok := c.Tensor("h"); !ok || !reflect.DeepEqual(h, Tensor{"F16", []int{2}, []byte("\x01\x7e\x00\x3c")}) {
		t.Errorf("got %v", h)
	}
	if v, _ := c.Meta("format"); v != "pt" {
		t.Errorf("format = %q", v)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), `no metadata "bitstep"`) {
		t.Errorf("got error %v", err)
	}
	// It can be written as a checkpoint, which gets a checksum of its own.
	if err := c.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	back, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !equalCheckpoints(c, back) {
		t.Errorf("read %v, want %v", back, c)
	}
}

// listing returns the names in a folder.
func listing(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.safetensors")
	write := func(path string) {
		t.Helper()
		if err := sample().WriteFile(path); err != nil {
			t.Fatal(err)
		}
		if c, err := Read(path); err != nil || !equalCheckpoints(c, sample()) {
			t.Fatal(c, err)
		}
	}
	mode := func(path string) fs.FileMode {
		t.Helper()
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	write(path)
	f, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got, want := mode(path), mode(f.Name()); got != want {
		t.Errorf("a new file has mode %v, want %v", got, want)
	}
	for _, m := range []fs.FileMode{0o600, 0o666, 0o444} {
		if err := os.Chmod(path, m); err != nil {
			t.Fatal(err)
		}
		want := mode(path)
		if runtime.GOOS == "windows" && m == 0o444 {
			continue // a file for reading only is not replaced there
		}
		write(path)
		if got := mode(path); got != want {
			t.Errorf("a replaced file has mode %v, want %v", got, want)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(dir, strings.Repeat("n", 255)))
	t.Chdir(dir)
	write("here")

	// What fails leaves the old file, and nothing else.
	before, names := encode(t, sample()), listing(t, dir)
	failed := errors.New("failed")
	err = Replace(path, func(w io.Writer) error {
		w.Write([]byte("half"))
		return failed
	})
	if !errors.Is(err, failed) {
		t.Error(err)
	}
	func() {
		defer func() { recover() }()
		Replace(path, func(io.Writer) error { panic("stop") })
	}()
	for _, bad := range []string{dir, filepath.Join(dir, "no", "folder"), ""} {
		err := sample().WriteFile(bad)
		if err == nil || !strings.HasPrefix(err.Error(), "checkpoint: writing "+bad+": ") {
			t.Errorf("writing %q: error %v", bad, err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, before) {
		t.Errorf("the file was altered: %q, %v", got, err)
	}
	if got := listing(t, dir); !slices.Equal(got, names) {
		t.Errorf("the folder holds %q, before %q", got, names)
	}
}

// A symbolic link stays, and what it points at is written.
func TestWriteFileLinks(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"a", "deep", "deep/b"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) string {
		name = filepath.Join(dir, name)
		if err := os.Symlink(target, name); err != nil {
			t.Skip("no symbolic links here:", err)
		}
		return name
	}
	link(filepath.Join(dir, "deep", "b"), "folder")
	link("one", filepath.Join("a", "two"))
	link(filepath.Join(dir, "loop"), "loop")
	for _, test := range []struct{ link, file string }{
		{link(filepath.Join(dir, "a", "absolute"), "l1"), "a/absolute"},
		{link(filepath.Join("a", "two"), "l2"), "a/one"}, // through a second link
		{filepath.Join(dir, "folder", "x"), "deep/b/x"},  // in a linked folder
		{link("folder/../up", "l3"), "deep/up"},          // .. of a linked folder
		{link("../up", "deep/b/l4"), "deep/up"},          // replaces an existing file
		{filepath.Join(dir, "folder", "../l5"), "l5"},    // Join itself drops folder/..
		{dir + "/folder/../l6", "deep/l6"},               // the system's reading
		{link(filepath.Join("folder", "y"), "l7"), "deep/b/y"},
	} {
		if runtime.GOOS == "windows" && (test.file == "deep/up" || test.file == "deep/l6") {
			continue // Windows drops folder/.. before it follows links
		}
		if err := sample().WriteFile(test.link); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, test.file)
		if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: %v, %v", test.file, info, err)
		}
		if _, err := Read(test.link); err != nil {
			t.Error(err)
		}
	}
	for _, l := range []string{"l1", "l2", "l3", "a/two", "deep/b/l4", "l7"} {
		if info, err := os.Lstat(filepath.Join(dir, l)); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s: %v, %v", l, info, err)
		}
	}
	if err := sample().WriteFile(filepath.Join(dir, "loop")); err == nil {
		t.Error("a loop of links was written")
	}
}

// Writers that share a path do not disturb each other: each file is one that one of them wrote.
func TestWriters(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows refuses to replace a file that is open")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "run.safetensors")
	var writers sync.WaitGroup
	for w := range uint64(4) {
		writers.Go(func() {
			for n := range uint64(10) {
				if err := version(10*w + n).WriteFile(path); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan bool)
	go func() {
		writers.Wait()
		close(done)
	}()
	reads := 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		c, err := Read(path)
		if errors.Is(err, fs.ErrNotExist) && reads == 0 {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if n, err := c.MetaUint("version"); err != nil || !equalCheckpoints(c, version(n)) {
			t.Errorf("read %d: version %d, %v", reads, n, err)
		}
		reads++
	}
	if names := listing(t, dir); len(names) != 1 {
		t.Errorf("the folder holds %q", names)
	}
}
