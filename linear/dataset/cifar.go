package dataset

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bitstep-go/bitstep/optim/checkpoint"
)

// Format is the layout of a binary CIFAR file: records of one or two labels and [ImageBytes] pixels, and
// nothing else. Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009), and the
// page of the sets, www.cs.toronto.edu/~kriz/cifar.html.
type Format uint8

const (
	// CIFAR10 has a label of ten classes. A set is data_batch_1.bin to data_batch_5.bin for training,
	// test_batch.bin, and the classes' names in batches.meta.txt.
	CIFAR10 Format = iota

	// CIFAR100 has the label of one of 20 superclasses (coarse), then that of one of 100 classes (fine).
	// A set is train.bin, test.bin, and the names in coarse_label_names.txt and fine_label_names.txt.
	CIFAR100
)

// A layout says what a format's files are.
type layout struct {
	name            string
	classes, coarse int // coarse = 0: records have no such label
	train           []string
	test            string
	classNames      string
	coarseNames     string
}

var layouts = [...]layout{
	CIFAR10: {name: "CIFAR-10", classes: 10, train: []string{"data_batch_1.bin", "data_batch_2.bin",
		"data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"}, test: "test_batch.bin",
		classNames: "batches.meta.txt"},
	CIFAR100: {name: "CIFAR-100", classes: 100, coarse: 20, train: []string{"train.bin"}, test: "test.bin",
		classNames: "fine_label_names.txt", coarseNames: "coarse_label_names.txt"},
}

// labelBytes is the number of labels before the pixels of a record.
func (l *layout) labelBytes() int {
	if l.coarse != 0 {
		return 2
	}
	return 1
}

func (l *layout) recordBytes() int { return l.labelBytes() + ImageBytes }

// String returns the format's name: CIFAR-10 or CIFAR-100.
func (f Format) String() string {
	if int(f) < len(layouts) {
		return layouts[f].name
	}
	return fmt.Sprintf("Format(%d)", uint8(f))
}

func (f Format) layout() (*layout, error) {
	if int(f) < len(layouts) {
		return &layouts[f], nil
	}
	return nil, fmt.Errorf("dataset: Format = %d, want CIFAR10 or CIFAR100", uint8(f))
}

// LoadCIFAR10 loads the set of format [CIFAR10] in a folder; any number of records per file will do. A
// file that is missing or empty, ends within a record, or has a label of no class is an error that names
// the file and the offset of the byte that is wrong.
func LoadCIFAR10(dir string) (train, test *Images, err error) {
	return loadSet(folder(dir), CIFAR10)
}

// LoadCIFAR100 loads the set of format [CIFAR100] in a folder. Errors are as those of [LoadCIFAR10].
func LoadCIFAR100(dir string) (train, test *Images, err error) {
	return loadSet(folder(dir), CIFAR100)
}

// LoadFS loads a set from the root of a file system. Errors are as those of [LoadCIFAR10].
func LoadFS(fsys fs.FS, f Format) (train, test *Images, err error) {
	return loadSet(files{fsys.Open, func(name string) string { return name }}, f)
}

// LoadFiles loads single files of one format, in this order, as one set. The classes have no names but
// their numbers. Errors are as those of [LoadCIFAR10].
func LoadFiles(f Format, names ...string) (*Images, error) {
	l, err := f.layout()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("dataset: LoadFiles: no files, want at least 1")
	}
	return folder("").records(l, numbers(l.classes), numbers(l.coarse), names)
}

func numbers(n int) (names []string) {
	for i := range n {
		names = append(names, strconv.Itoa(i))
	}
	return names
}

// files is where files are opened, and how a message names them.
type files struct {
	open func(name string) (fs.File, error)
	path func(name string) string
}

func folder(dir string) files {
	path := func(name string) string { return filepath.Join(dir, name) }
	return files{func(name string) (fs.File, error) { return os.Open(path(name)) }, path}
}

// fail returns an error about a file.
func (from files) fail(name string, err error) error {
	return fmt.Errorf("dataset: %s: %w", from.path(name), bare(err))
}

// bare returns an error of the file system without the file's name, which fail gives in full.
func bare(err error) error {
	if p, ok := err.(*fs.PathError); ok {
		return fmt.Errorf("%s: %w", p.Op, p.Err)
	}
	return err
}

func loadSet(from files, f Format) (train, test *Images, err error) {
	l, err := f.layout()
	if err != nil {
		return nil, nil, err
	}
	classes, err := from.names(l.classNames, l.classes)
	if err != nil {
		return nil, nil, err
	}
	var coarse []string
	if l.coarse != 0 {
		if coarse, err = from.names(l.coarseNames, l.coarse); err != nil {
			return nil, nil, err
		}
	}
	if train, err = from.records(l, classes, coarse, l.train); err != nil {
		return nil, nil, err
	}
	if test, err = from.records(l, classes, coarse, []string{l.test}); err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

// namesLimit is how long a file of names may be: a hundred names are some 900 bytes.
const namesLimit = 1 << 16

// names reads a file of want names, a line each; empty lines may follow.
func (from files) names(name string, want int) ([]string, error) {
	f, err := from.open(name)
	if err != nil {
		return nil, from.fail(name, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, namesLimit+1))
	if err != nil {
		return nil, from.fail(name, fmt.Errorf("offset %d: %w", len(text), bare(err)))
	}
	if len(text) > namesLimit {
		return nil, from.fail(name, fmt.Errorf("offset %d: the file goes on, want at most %d bytes for %d names",
			namesLimit, namesLimit, want))
	}
	var names []string
	offset := 0
	for line := range bytes.Lines(text) {
		s := strings.TrimSpace(string(line))
		switch {
		case s != "" && len(names) == want:
			return nil, from.fail(name, fmt.Errorf("offset %d: a name too many, want %d", offset, want))
		case s != "":
			names = append(names, s)
		case len(names) < want && len(bytes.TrimSpace(text[offset:])) != 0:
			return nil, from.fail(name, fmt.Errorf("offset %d: an empty line, want name %d of %d",
				offset, len(names)+1, want))
		}
		offset += len(line)
	}
	if len(names) != want {
		return nil, from.fail(name, fmt.Errorf("offset %d: the file ends after %d names, want %d",
			len(text), len(names), want))
	}
	return names, nil
}

// trustedBytes bounds what is allocated because files say that they are so long.
const trustedBytes = 1 << 30

// records reads the records of files into one set.
func (from files) records(l *layout, classes, coarse, names []string) (*Images, error) {
	d := &Images{Classes: classes, CoarseClasses: coarse}
	if n := from.claimed(names); n/int64(l.recordBytes()) <= math.MaxInt/ImageBytes && n <= trustedBytes {
		d.grow(l, int(n)/l.recordBytes())
	}
	buffer := make([]byte, 64*l.recordBytes())
	for _, name := range names {
		f, err := from.open(name)
		if err != nil {
			return nil, from.fail(name, err)
		}
		err = d.read(l, f, buffer)
		f.Close()
		if err != nil {
			return nil, from.fail(name, err)
		}
	}
	return d, nil
}

// claimed returns how long the files are that say so and have a last byte there, which shows a size that
// is only claimed; what is wrong with the others is found when they are read.
func (from files) claimed(names []string) (total int64) {
	for _, name := range names {
		f, err := from.open(name)
		if err != nil {
			continue
		}
		info, err := f.Stat()
		r, ok := f.(io.ReaderAt)
		if err == nil && ok && info.Mode().IsRegular() && info.Size() > 0 {
			if n, _ := r.ReadAt(make([]byte, 1), info.Size()-1); n == 1 && info.Size() <= math.MaxInt64-total {
				total += info.Size()
			}
		}
		f.Close()
	}
	return total
}

// grow makes room for so many more examples.
func (d *Images) grow(l *layout, examples int) {
	d.Pixels = slices.Grow(d.Pixels, examples*ImageBytes)
	d.Labels = slices.Grow(d.Labels, examples)
	if l.coarse != 0 {
		d.Coarse = slices.Grow(d.Coarse, examples)
	}
}

// read appends the records of r. Buffer holds some whole records.
func (d *Images) read(l *layout, r io.Reader, buffer []byte) error {
	size := l.recordBytes()
	offset := int64(0)
	for {
		n, err := io.ReadFull(r, buffer)
		whole := n - n%size
		if len(d.Labels) > math.MaxInt/ImageBytes-whole/size {
			return fmt.Errorf("offset %d: more images than memory can hold", offset)
		}
		for record := buffer[:whole]; len(record) != 0; record = record[size:] {
			label := l.labelBytes() - 1
			if l.coarse != 0 {
				if int(record[0]) >= l.coarse {
					return fmt.Errorf("offset %d: coarse label %d, want at most %d", offset, record[0], l.coarse-1)
				}
				d.Coarse = append(d.Coarse, record[0])
			}
			if int(record[label]) >= l.classes {
				return fmt.Errorf("offset %d: label %d, want at most %d",
					offset+int64(label), record[label], l.classes-1)
			}
			d.Labels = append(d.Labels, record[label])
			d.Pixels = append(d.Pixels, record[label+1:size]...)
			offset += int64(size)
		}
		switch {
		case err == nil:
		case err != io.EOF && err != io.ErrUnexpectedEOF:
			return fmt.Errorf("offset %d: %w", offset+int64(n-whole), bare(err))
		case n != whole:
			return fmt.Errorf("offset %d: the file ends %d bytes into a record, want all of its %d",
				offset+int64(n-whole), n-whole, size)
		case offset == 0:
			return fmt.Errorf("offset 0: the file is empty, want records of %d bytes", size)
		default:
			return nil
		}
	}
}

// WriteFile writes the set as one file of a format, which is there whole or not at all: it is written
// beside its place, synchronized and renamed. It returns an error, before anything is written, if the set
// fails Check or has labels that the format has not.
func (d *Images) WriteFile(f Format, name string) error {
	l, err := f.layout()
	if err != nil {
		return err
	}
	if err := d.Check(); err != nil {
		return err
	}
	if len(d.Classes) > l.classes || len(d.CoarseClasses) > l.coarse {
		return fmt.Errorf("dataset: WriteFile: %d classes and %d superclasses, want at most %d and %d for %v",
			len(d.Classes), len(d.CoarseClasses), l.classes, l.coarse, f)
	}
	if l.coarse != 0 && len(d.Coarse) == 0 {
		return fmt.Errorf("dataset: WriteFile: no superclasses, want them for %v", f)
	}
	return writeFile(name, func(w io.Writer) error { return d.writeRecords(w, l) })
}

// writeFile replaces a file by what write writes, whole or not at all.
func writeFile(name string, write func(io.Writer) error) error {
	err := checkpoint.Replace(name, func(f io.Writer) error {
		w := bufio.NewWriterSize(f, 1<<18)
		if err := write(w); err != nil {
			return err
		}
		return w.Flush()
	})
	if err != nil {
		return fmt.Errorf("dataset: write %s: %w", name, bare(err))
	}
	return nil
}

func (d *Images) writeRecords(w io.Writer, l *layout) error {
	for i, label := range d.Labels {
		labels := []byte{label}
		if l.coarse != 0 {
			labels = []byte{d.Coarse[i], label}
		}
		if _, err := w.Write(labels); err != nil {
			return err
		}
		if _, err := w.Write(d.Image(i)); err != nil {
			return err
		}
	}
	return nil
}
