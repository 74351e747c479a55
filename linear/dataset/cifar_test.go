package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
)

// record returns the bytes of a record with these labels, its pixels counting up from the first label.
func record(labels ...byte) []byte {
	b := bytes.Clone(labels)
	for i := range ImageBytes {
		b = append(b, byte(i)+labels[0])
	}
	return b
}

func putFile(t testing.TB, name string, parts ...[]byte) {
	t.Helper()
	if err := os.WriteFile(name, bytes.Join(parts, nil), 0o644); err != nil {
		t.Fatal(err)
	}
}

const tenNames = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n" // as in the real set

// writeSet writes a good set of CIFAR-10 with 1 + 2 + 3 + 4 + 5 training records and 2 test records.
func writeSet(t testing.TB, dir string) {
	label := byte(0)
	for k, name := range append(layouts[CIFAR10].train, "test_batch.bin") {
		var parts [][]byte
		for range (k + 1) % 6 {
			parts = append(parts, record(label%10))
			label += 3
		}
		if k == 5 {
			parts = [][]byte{record(9), record(0)}
		}
		putFile(t, filepath.Join(dir, name), parts...)
	}
	putFile(t, filepath.Join(dir, "batches.meta.txt"), []byte(tenNames))
}

func TestLoadCIFAR10(t *testing.T) {
	dir := t.TempDir()
	writeSet(t, dir)
	train, test, err := LoadCIFAR10(dir)
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 15 || test.Len() != 2 {
		t.Fatalf("%d and %d examples, want 15 and 2", train.Len(), test.Len())
	}
	for i := range train.Len() {
		if want := byte(3 * i % 10); train.Labels[i] != want || !bytes.Equal(train.Image(i), record(want)[1:]) {
			t.Errorf("example %d has label %d, want %d, or another image", i, train.Labels[i], want)
		}
	}
	if test.Labels[0] != 9 || test.Labels[1] != 0 || !bytes.Equal(test.Image(0), record(9)[1:]) {
		t.Error("the test set is another")
	}
	if got := strings.Join(test.Classes, "\n") + "\n\n"; got != tenNames {
		t.Errorf("classes %q", test.Classes)
	}
	if cap(train.Pixels)-len(train.Pixels) > 8192 {
		t.Errorf("room for %d bytes of %d", cap(train.Pixels), len(train.Pixels))
	}
	for _, d := range []*Images{train, test} {
		if err := d.Check(); err != nil {
			t.Error(err)
		}
	}

	// The same from a file system and from single files.
	fromFS, testFS, err := LoadFS(os.DirFS(dir), CIFAR10)
	if err != nil || !equalSets(fromFS, train) || !equalSets(testFS, test) {
		t.Errorf("LoadFS returns another set: %v", err)
	}
	single, err := LoadFiles(CIFAR10, filepath.Join(dir, "data_batch_1.bin"), filepath.Join(dir, "data_batch_2.bin"))
	if err != nil {
		t.Fatal(err)
	}
	want := train.Slice(0, 3)
	want.Classes = numbers(10)
	if !equalSets(single, want) {
		t.Error("LoadFiles returns another set")
	}
}

func TestLoadCIFAR100(t *testing.T) {
	dir := t.TempDir()
	putFile(t, filepath.Join(dir, "train.bin"), record(19, 99), record(0, 7), record(3, 50))
	putFile(t, filepath.Join(dir, "test.bin"), record(5, 0))
	putFile(t, filepath.Join(dir, "fine_label_names.txt"), []byte(strings.Join(numbers(100), "\n")))
	putFile(t, filepath.Join(dir, "coarse_label_names.txt"), []byte(strings.Join(numbers(20), "\r\n")))
	train, test, err := LoadCIFAR100(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(train.Labels, []byte{99, 7, 50}) || !bytes.Equal(train.Coarse, []byte{19, 0, 3}) ||
		!bytes.Equal(train.Image(1), record(0, 7)[2:]) || len(train.Classes) != 100 ||
		train.CoarseClasses[19] != "19" || test.Len() != 1 || test.Coarse[0] != 5 {
		t.Errorf("another set: %v %v %v", train.Labels, train.Coarse, test.Coarse)
	}
	if err := train.Check(); err != nil {
		t.Error(err)
	}
	single, err := LoadFiles(CIFAR100, filepath.Join(dir, "train.bin"))
	if err != nil || !equalSets(single, train) {
		t.Errorf("LoadFiles returns another set: %v", err)
	}
}

// What is written is read back, in both formats, across the loader's buffer.
func TestWriteFile(t *testing.T) {
	for _, f := range []Format{CIFAR10, CIFAR100} {
		l := &layouts[f]
		for _, n := range []int{1, 63, 64, 65, 200} {
			d := randomSet(n, l.classes, uint64(n))
			if l.coarse != 0 {
				d.Coarse, d.CoarseClasses = make([]uint8, n), numbers(l.coarse)
				for i := range d.Coarse {
					d.Coarse[i] = uint8(i % l.coarse)
				}
			}
			name := filepath.Join(t.TempDir(), "x.bin")
			if err := d.WriteFile(f, name); err != nil {
				t.Fatal(err)
			}
			got, err := LoadFiles(f, name)
			if err != nil || !equalSets(got, d) {
				t.Errorf("%v, %d records: another set comes back: %v", f, n, err)
			}
		}
	}
}

func TestWriteFileErrors(t *testing.T) {
	good := randomSet(2, 10, 1)
	dir := t.TempDir()
	for _, c := range []struct {
		d      *Images
		f      Format
		name   string
		want   string
		exists bool
	}{
		{&Images{}, CIFAR10, "a", "dataset: Images has no examples, want at least 1", false},
		{good, 2, "a", "dataset: Format = 2, want CIFAR10 or CIFAR100", false},
		{randomSet(2, 11, 1), CIFAR10, "a",
			"dataset: WriteFile: 11 classes and 0 superclasses, want at most 10 and 0 for CIFAR-10", false},
		{good, CIFAR100, "a", "dataset: WriteFile: no superclasses, want them for CIFAR-100", false},
		{good, CIFAR10, "no/folder", "dataset: write " + filepath.Join(dir, "no/folder") + ": ", false},
		{good, CIFAR10, ".", "dataset: write " + dir + ": ", true},
	} {
		name := filepath.Join(dir, c.name)
		if err := c.d.WriteFile(c.f, name); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
		if _, err := os.Stat(name); (err == nil) != c.exists {
			t.Errorf("%s is there or not, wrongly: %v", name, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("errors left %v", entries)
	}
}

// A write that fails leaves the old file and nothing else.
func TestWriteFileFails(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	putFile(t, name, []byte("old"))
	broken := errors.New("broken")
	err := writeFile(name, func(w io.Writer) error {
		w.Write(make([]byte, 1<<20))
		return broken
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), name) {
		t.Errorf("error %v", err)
	}
	check := func(want string) {
		t.Helper()
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("the file holds %q, want %q: %v", got, want, err)
		}
		if entries, _ := os.ReadDir(filepath.Dir(name)); len(entries) != 1 {
			t.Errorf("%d files, want 1", len(entries))
		}
	}
	check("old")
	err = writeFile(name, func(w io.Writer) error {
		_, err := io.WriteString(w, "new")
		return err
	})
	if err != nil {
		t.Error(err)
	}
	check("new")
}

// Every error names the file, the offset where there is one, and what was wanted.
func TestLoadErrors(t *testing.T) {
	for _, c := range []struct {
		name  string // the file that is changed
		parts [][]byte
		want  string
	}{
		{"data_batch_3.bin", nil, "offset 0: the file is empty, want records of 3073 bytes"},
		{"test_batch.bin", nil, "offset 0: the file is empty, want records of 3073 bytes"},
		{"data_batch_5.bin", [][]byte{record(1), record(10), record(1)}, "offset 3073: label 10, want at most 9"},
		{"data_batch_5.bin", [][]byte{record(255)}, "offset 0: label 255, want at most 9"},
		{"data_batch_1.bin", [][]byte{bytes.Repeat(record(1), 150), record(77)},
			"offset 460950: label 77, want at most 9"},
		{"test_batch.bin", [][]byte{record(1), {1, 2, 3}},
			"offset 3076: the file ends 3 bytes into a record, want all of its 3073"},
		{"data_batch_2.bin", [][]byte{{1}}, "offset 1: the file ends 1 bytes into a record, want all of its 3073"},
		{"data_batch_2.bin", [][]byte{bytes.Repeat(record(1), 65)[:65*3073-1]},
			"offset 199744: the file ends 3072 bytes into a record, want all of its 3073"},
		{"batches.meta.txt", nil, "offset 0: the file ends after 0 names, want 10"},
		{"batches.meta.txt", [][]byte{[]byte("one\ntwo")}, "offset 7: the file ends after 2 names, want 10"},
		{"batches.meta.txt", [][]byte{[]byte("one\n\ntwo")}, "offset 4: an empty line, want name 2 of 10"},
		{"batches.meta.txt", [][]byte{[]byte(tenNames + "more")}, "offset 61: a name too many, want 10"},
		{"batches.meta.txt", [][]byte{bytes.Repeat([]byte("x"), 70000)},
			"offset 65536: the file goes on, want at most 65536 bytes for 10 names"},
	} {
		dir := t.TempDir()
		writeSet(t, dir)
		path := filepath.Join(dir, c.name)
		putFile(t, path, c.parts...)
		train, test, err := LoadCIFAR10(dir)
		if want := "dataset: " + path + ": " + c.want; err == nil || err.Error() != want {
			t.Errorf("error\n%v, want\n%v", err, want)
		}
		if train != nil || test != nil {
			t.Error("a set along with an error")
		}
	}
	for _, name := range append(layouts[CIFAR10].train, "test_batch.bin", "batches.meta.txt") {
		dir := t.TempDir()
		writeSet(t, dir)
		path := filepath.Join(dir, name)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		_, _, err := LoadCIFAR10(dir)
		if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "dataset: "+path+": open: ") {
			t.Errorf("%s is missing: %v", name, err)
		}
		// A folder in its place.
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		_, _, err = LoadCIFAR10(dir)
		if err == nil || !strings.HasPrefix(err.Error(), "dataset: "+path+": offset 0: ") {
			t.Errorf("%s is a folder: %v", name, err)
		}
	}
	missing := filepath.Join(t.TempDir(), "none")
	if _, _, err := LoadCIFAR10(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("no folder: %v", err)
	}
	if _, _, err := LoadCIFAR100(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("no folder: %v", err)
	}
	if _, err := LoadFiles(CIFAR10); err == nil || err.Error() != "dataset: LoadFiles: no files, want at least 1" {
		t.Errorf("no files: %v", err)
	}
	if _, err := LoadFiles(9, "x"); err == nil || err.Error() != "dataset: Format = 9, want CIFAR10 or CIFAR100" {
		t.Errorf("no format: %v", err)
	}
	_, err := LoadFiles(CIFAR10, missing)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("no file: %v", err)
	}
}

// The two labels of a record of CIFAR-100 have offsets and bounds of their own.
func TestLoadErrors100(t *testing.T) {
	for _, c := range []struct {
		data []byte
		want string
	}{
		{append(record(1, 1), record(20, 1)...), "offset 3074: coarse label 20, want at most 19"},
		{append(record(1, 1), record(19, 100)...), "offset 3075: label 100, want at most 99"},
		{record(1), "offset 3073: the file ends 3073 bytes into a record, want all of its 3074"},
	} {
		path := filepath.Join(t.TempDir(), "x.bin")
		putFile(t, path, c.data)
		_, err := LoadFiles(CIFAR100, path)
		if want := "dataset: " + path + ": " + c.want; err == nil || err.Error() != want {
			t.Errorf("error\n%v, want\n%v", err, want)
		}
	}
}

// A failingFile breaks off after some bytes.
type failingFile struct {
	fs.File
	left int
}

var errDisk = errors.New("the disk is gone")

func (f *failingFile) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, errDisk
	}
	n, err := f.File.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, err
}

func TestReadErrors(t *testing.T) {
	set := fstest.MapFS{"batches.meta.txt": {Data: []byte(tenNames)}}
	for _, name := range append(layouts[CIFAR10].train, "test_batch.bin") {
		set[name] = &fstest.MapFile{Data: bytes.Repeat(record(1), 100)}
	}
	for _, c := range []struct {
		name string
		left int
	}{{"data_batch_4.bin", 0}, {"data_batch_1.bin", 5000}, {"test_batch.bin", 64 * 3073}, {"batches.meta.txt", 7}} {
		from := files{func(name string) (fs.File, error) {
			f, err := set.Open(name)
			if name == c.name {
				return &failingFile{f, c.left}, err
			}
			return f, err
		}, func(name string) string { return name }}
		_, _, err := loadSet(from, CIFAR10)
		want := fmt.Sprintf("dataset: %s: offset %d: the disk is gone", c.name, c.left)
		if !errors.Is(err, errDisk) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// A liar claims another size than it has.
type liar struct {
	fs.FS
	size int64
}

type lyingFile struct {
	fs.File
	io.ReaderAt
	size int64
}

type lyingInfo struct {
	fs.FileInfo
	size int64
}

func (l liar) Open(name string) (fs.File, error) {
	f, err := l.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return lyingFile{f, f.(io.ReaderAt), l.size}, nil
}
func (f lyingFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	return lyingInfo{info, f.size}, err
}
func (i lyingInfo) Size() int64 { return i.size }

// allocated returns how many bytes a call allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// The claimed size of a file costs no memory unless the file goes that far.
func TestClaimedSize(t *testing.T) {
	set := fstest.MapFS{"batches.meta.txt": {Data: []byte(tenNames)}}
	for _, name := range append(layouts[CIFAR10].train, "test_batch.bin") {
		set[name] = &fstest.MapFile{Data: record(1)}
	}
	for _, size := range []int64{-1 << 63, -1, 0, 1, 3072, 3074, 1 << 20, 1 << 29, 1 << 40, 1<<63 - 1} {
		var train *Images
		var err error
		n := allocated(func() { train, _, err = LoadFS(liar{set, size}, CIFAR10) })
		if err != nil || train.Len() != 5 {
			t.Errorf("size %d: %v", size, err)
		}
		if n > 1<<20 {
			t.Errorf("size %d: %d bytes allocated", size, n)
		}
	}
	// A file with a hole is as large as it says; it is read bit by bit.
	name := filepath.Join(t.TempDir(), "x")
	putFile(t, name, record(10))
	if err := os.Truncate(name, 1<<40); err != nil {
		t.Skip("no files with holes here: ", err)
	}
	if n := allocated(func() { _, _ = LoadFiles(CIFAR10, name) }); n > 1<<20 {
		t.Errorf("%d bytes allocated for a terabyte of nothing", n)
	}
}

// Whatever a file holds, loading does not panic, takes memory in proportion, and returns either a set of
// exactly its records or an error that names the file and an offset in it.
func FuzzCIFAR(f *testing.F) {
	f.Add(false, []byte{})
	f.Add(false, record(3))
	f.Add(false, append(record(3), record(11)...))
	f.Add(true, record(19, 99))
	f.Add(true, append(record(3, 3), 1))
	f.Add(false, bytes.Repeat(record(0), 65))
	f.Fuzz(func(t *testing.T, hundred bool, data []byte) {
		format := CIFAR10
		if hundred {
			format = CIFAR100
		}
		l := &layouts[format]
		from := files{fstest.MapFS{"x": {Data: data}}.Open, func(name string) string { return name }}
		var d *Images
		var err error
		n := allocated(func() { d, err = from.records(l, numbers(l.classes), numbers(l.coarse), []string{"x"}) })
		if n > uint64(4*len(data)+1<<19) {
			t.Errorf("%d bytes allocated for %d", n, len(data))
		}
		if err != nil {
			var offset int
			if _, scan := fmt.Sscanf(err.Error(), "dataset: x: offset %d: ", &offset); scan != nil || d != nil ||
				offset < 0 || offset > len(data) {
				t.Errorf("error %v for %d bytes", err, len(data))
			}
			return
		}
		if err := d.Check(); err != nil {
			t.Error(err)
		}
		var again bytes.Buffer
		if err := d.writeRecords(&again, l); err != nil || !bytes.Equal(again.Bytes(), data) {
			t.Errorf("written again the set is another file: %v", err)
		}
	})
}

// The same for files of names.
func FuzzNames(f *testing.F) {
	f.Add([]byte(tenNames))
	f.Add([]byte("a\n\nb"))
	f.Fuzz(func(t *testing.T, data []byte) {
		from := files{fstest.MapFS{"x": {Data: data}}.Open, func(name string) string { return name }}
		names, err := from.names("x", 10)
		if err != nil {
			var offset int
			if _, scan := fmt.Sscanf(err.Error(), "dataset: x: offset %d: ", &offset); scan != nil || names != nil ||
				offset < 0 || offset > len(data) {
				t.Errorf("error %v for %d bytes", err, len(data))
			}
			return
		}
		if len(names) != 10 {
			t.Errorf("%d names", len(names))
		}
		for _, name := range names {
			if name == "" || name != strings.TrimSpace(name) || !bytes.Contains(data, []byte(name)) {
				t.Errorf("name %q of %q", name, data)
			}
		}
	})
}
