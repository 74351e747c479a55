package checkpoint

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// modeless is a new file on a file system that shows all files with one mode and refuses to change it.
type modeless struct{ info fs.FileInfo }

func (m modeless) Stat() (fs.FileInfo, error) { return m.info, nil }
func (modeless) Chmod(fs.FileMode) error      { return fs.ErrPermission }

func TestReplaceWithoutModes(t *testing.T) {
	info, err := os.Stat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	mode := info.Mode().Perm()
	if err := passMode(modeless{info}, mode); err != nil {
		t.Errorf("the same mode: %v", err)
	}
	if err := passMode(modeless{info}, mode^0o200); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("another mode: %v", err)
	}
}

// The name of the file that is written first is cut between characters.
func TestReplaceLongNames(t *testing.T) {
	for _, base := range []string{strings.Repeat("語", 80), "x" + strings.Repeat("語", 80), strings.Repeat("a", 250),
		"xx" + strings.Repeat("語", 80), "xyz" + strings.Repeat("\U0001F600", 60)} {
		dir := t.TempDir()
		err := Replace(filepath.Join(dir, base), func(io.Writer) error {
			for _, name := range listing(t, dir) {
				if !utf8.ValidString(name) || len(name) > 255 || len(name) < 200 {
					t.Errorf("%d bytes: %q", len(name), name)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// A file that says that it is larger than memory, as a sparse one can, is an error.
func TestReadSparse(t *testing.T) {
	const size = 1 << 43 // 8 TB
	head := raw(`{"w":{"dtype":"U8","shape":[8796093022208],"data_offsets":[0,8796093022208]}}`, 0)
	path := filepath.Join(t.TempDir(), "sparse")
	if err := os.WriteFile(path, head, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(head))+size); err != nil {
		t.Skip("no sparse files here:", err)
	}
	want := "the tensors take 8796093022208 bytes"
	if strconv.IntSize == 32 {
		want = "a dimension of 8796093022208, want at most 2147483647"
	}
	_, err := ReadTensors(path)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("ReadTensors: %v", err)
	}
}
