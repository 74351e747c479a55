package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"unicode/utf8"
)

// Replace makes the regular file path, or replaces it, by what write writes, in the way that
// [File.WriteFile] documents: path is the old file or the new one, whole, whatever happens. Write
// gets the file itself, without a buffer. Errors are those of the file system or of write, as they are.
func Replace(path string, write func(io.Writer) error) (err error) {
	path, err = followLinks(path)
	if err != nil {
		return err
	}
	old, err := os.Lstat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if old != nil && !old.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	f, err := createBeside(path)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // also when write panics
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if old != nil {
		if err := passMode(f, old.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := write(f); err != nil {
		return err
	}
	// Before the rename, or a crash of the machine could leave the new name without the new bytes.
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	done = true
	return syncFolder(filepath.Dir(path))
}

// passMode gives a new file the mode of the one that it replaces. Where that is its mode already, nothing is asked
// of the system: a file system without modes shows all files with the same and refuses to change any.
func passMode(f interface {
	Stat() (fs.FileInfo, error)
	Chmod(fs.FileMode) error
}, mode fs.FileMode) error {
	if info, err := f.Stat(); err == nil && info.Mode().Perm() == mode {
		return nil
	}
	if err := f.Chmod(mode); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// followLinks returns what path finally names, whether that exists or not.
func followLinks(path string) (string, error) {
	for range 40 { // Linux's limit
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil // no link: what else is wrong shows when the path is used
		}
		if !filepath.IsAbs(target) {
			// Not Join: it would drop "folder/.." even where folder is a link.
			dir, _ := filepath.Split(path)
			target = dir + target
		}
		path = target
	}
	return "", fmt.Errorf("%s: more than 40 symbolic links", path)
}

// createBeside makes a new file in path's folder.
func createBeside(path string) (*os.File, error) {
	dir, base := filepath.Split(path)
	if len(base) > 200 { // with what is added, within the 255 bytes of a name
		end := 200
		for end > 197 && !utf8.RuneStart(base[end]) { // file systems refuse half a character
			end--
		}
		base = base[:end]
	}
	for {
		name := fmt.Sprintf("%s.%s.%08x.tmp", dir, base, rand.Uint32())
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// syncFolder flushes a folder, so that a rename in it lasts. File systems that cannot do that say EINVAL or
// that it is unsupported.
func syncFolder(dir string) error {
	switch runtime.GOOS {
	case "windows", "plan9", "wasip1":
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
