package dataset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// manifestName is the file of a cached set that says what the others hold.
const manifestName = "synthetic.txt"

// manifest is its text, for these sets, and heading its first line: seed and sizes.
func (s Synthetic) manifest(train, test *Images) (text string, hashes Hashes) {
	hashes = train.Hashes()
	return s.heading() + fmt.Sprintf("train %s\ntest %s\n", train.digest(hashes), test.Digest()), hashes
}

func (s Synthetic) heading() string {
	return fmt.Sprintf("bitstep synthetic set: seed %d, %d training and %d test examples\n", s.Seed, s.Train, s.Test)
}

// A set is made in a folder of its own, whose name begins so, and which holds the new set and those that it replaces.
const (
	making    = "making-synthetic-"
	makingNew = "new"
	makingOld = "old"
)

// removeMaking removes folders in which processes that were killed a day or more ago were making a set. What else has
// such a name, or cannot be removed, stays.
func removeMaking(parent string) {
	entries, _ := os.ReadDir(parent)
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), making) {
			continue
		}
		dir := filepath.Join(parent, e.Name())
		info, err := e.Info()
		inside, unread := os.ReadDir(dir)
		foreign := slices.ContainsFunc(inside, func(e fs.DirEntry) bool {
			return e.Name() != makingNew && !strings.HasPrefix(e.Name(), makingOld)
		})
		if err == nil && unread == nil && !foreign && time.Since(info.ModTime()) >= 24*time.Hour {
			os.RemoveAll(dir)
		}
	}
}

// Cached loads the set from a folder where an earlier call has left it, or makes it and leaves it there. Before it
// makes it, which takes some seconds, it calls onMaking unless that is nil. What is in the folder is used only if its
// digest is that of the file synthetic.txt beside it and seed and sizes are those wanted. The folder is put in place
// whole, so processes may call Cached at the same time, and one that is killed leaves nothing that could be taken
// for a set: a folder making-synthetic-NUMBER beside it, which a call a day or more later removes. Another synthetic
// set there is replaced; a folder with other files is an error, and left alone.
func (s Synthetic) Cached(dir string, onMaking func()) (train, test *Images, err error) {
	train, test, _, err = s.CachedHashes(dir, onMaking)
	return train, test, err
}

// CachedHashes is [Synthetic.Cached], and returns the training set's hashes too, which it compares.
func (s Synthetic) CachedHashes(dir string, onMaking func()) (train, test *Images, hashes Hashes, err error) {
	n, m, err := s.sizes()
	if err != nil {
		return nil, nil, Hashes{}, err
	}
	s.Train, s.Test = n, m
	parent := filepath.Dir(filepath.Clean(dir))
	removeMaking(parent)
	if train, test, hashes, err = s.load(dir); err == nil {
		return train, test, hashes, nil
	}
	if err := replaceable(dir); err != nil {
		return nil, nil, Hashes{}, err
	}
	if onMaking != nil {
		onMaking()
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, nil, Hashes{}, fmt.Errorf("dataset: %s: %w", parent, bare(err))
	}
	temp, err := os.MkdirTemp(parent, making)
	if err != nil {
		return nil, nil, Hashes{}, fmt.Errorf("dataset: %s: %w", parent, bare(err))
	}
	defer os.RemoveAll(temp)
	made := filepath.Join(temp, makingNew)
	if err := s.WriteCIFAR10(made); err != nil {
		return nil, nil, Hashes{}, err
	}
	if train, test, err = LoadCIFAR10(made); err != nil {
		return nil, nil, Hashes{}, err
	}
	text, hashes := s.manifest(train, test)
	err = writeFile(filepath.Join(made, manifestName), func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
	if err != nil {
		return nil, nil, Hashes{}, err
	}
	if err := s.place(made, dir, filepath.Join(temp, makingOld)); err != nil {
		return nil, nil, Hashes{}, fmt.Errorf("dataset: %s: %w", dir, bare(err))
	}
	return train, test, hashes, nil
}

// place renames made to dir, and what is there, unless another process has put the same set there meanwhile, to
// old.
func (s Synthetic) place(made, dir, old string) error {
	err := os.Rename(made, dir)
	for i := range 3 { // another process may come between two renames; one that does puts this set there
		if err == nil {
			return nil
		}
		if _, _, _, load := s.load(dir); load == nil {
			return nil
		}
		if away := os.Rename(dir, fmt.Sprint(old, i)); away != nil && !errors.Is(away, fs.ErrNotExist) {
			return errors.Join(err, away)
		}
		err = os.Rename(made, dir)
	}
	return err
}

// load loads the set, with its sizes filled in, from a folder if it is this one.
func (s Synthetic) load(dir string) (train, test *Images, hashes Hashes, err error) {
	from := folder(dir)
	f, err := from.open(manifestName)
	if err != nil {
		return nil, nil, hashes, err
	}
	text, err := io.ReadAll(io.LimitReader(f, 1024))
	f.Close()
	if err != nil {
		return nil, nil, hashes, err
	}
	if !strings.HasPrefix(string(text), s.heading()) { // no need to read 184 MB
		return nil, nil, hashes, from.fail(manifestName, errors.New("another set"))
	}
	if train, test, err = LoadCIFAR10(dir); err != nil {
		return nil, nil, hashes, err
	}
	want, hashes := s.manifest(train, test)
	if string(text) != want {
		return nil, nil, hashes, from.fail(manifestName, errors.New("the files beside it have another digest"))
	}
	return train, test, hashes, nil
}

// replaceable returns an error unless there is no such folder, or it holds nothing but a synthetic set or a part of
// one.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("dataset: %s: %w", dir, bare(err))
	}
	own := append(syntheticFiles(), manifestName)
	for _, e := range entries {
		if !slices.Contains(own, e.Name()) {
			return folder(dir).fail(e.Name(), errors.New("the file is of no synthetic set, want another folder"))
		}
	}
	_, err = foundSynthetic(dir)
	return err
}
