package checkpoint

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killedFile, when set, is the file that this process is to write again and again.
const killedFile = "BITSTEP_TEST_KILLED_FILE"

// version returns the checkpoint that the child writes as its n-th.
func version(n uint64) *File {
	c := New()
	c.SetMetaUint("version", n)
	for _, name := range []string{"w", "m", "v"} {
		data := make([]float32, 20000+n%5*1000)
		for i := range data {
			data[i] = float32(n) + float32(i)/8
		}
		Put(c, name, nil, data)
	}
	return c
}

var raceEnabled bool

// A process that writes checkpoints without pause is killed at random moments. What is on the disk then is
// whole: the version that it last said it had written, or the next one.
func TestKilled(t *testing.T) {
	if path := os.Getenv(killedFile); path != "" {
		for n := uint64(1); ; n++ {
			if err := version(n).WriteFile(path); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			fmt.Println("wrote", n)
		}
	}
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("no processes on", runtime.GOOS)
	}
	if raceEnabled {
		t.Skip("the race detector slows all but the writes that a kill must hit, and sees one process at a time")
	}
	const kills = 60
	dir := t.TempDir()
	path := filepath.Join(dir, "run.safetensors")
	r := rand.New(rand.NewPCG(1, 2))
	next, unfinished := 0, 0
	for kill := range kills {
		said := killAfter(t, path, time.Duration(r.Float64()*float64(12*time.Millisecond)))
		c, err := Read(path)
		if err != nil {
			t.Fatalf("kill %d: %v", kill, err)
		}
		n, err := c.MetaUint("version")
		if err != nil {
			t.Fatalf("kill %d: %v", kill, err)
		}
		if n != said && n != said+1 {
			t.Errorf("kill %d: version %d after the process had written %d", kill, n, said)
		}
		if n == said+1 {
			next++
		}
		if !equalCheckpoints(c, version(n)) {
			t.Errorf("kill %d: the file is not version %d", kill, n)
		}
		for _, name := range listing(t, dir) {
			if strings.HasSuffix(name, ".tmp") {
				unfinished++
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	t.Logf("%d kills: %d within a write, %d between a rename and its report", kills, unfinished, next)
	if unfinished == 0 {
		t.Error("no kill came within a write")
	}
}

// killAfter starts the child, kills it some time after its first version, and returns the last version that it
// said it had written.
func killAfter(t *testing.T, path string, after time.Duration) (said uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), killedFile+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) {
			t.Skip("cannot start a process:", err)
		}
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n, err := strconv.ParseUint(strings.TrimPrefix(lines.Text(), "wrote "), 10, 64)
		if err != nil {
			t.Errorf("the process said %q", lines.Text())
			cmd.Process.Kill()
			break
		}
		if said = n; n == 1 {
			time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
	}
	cmd.Wait()
	if said == 0 {
		t.Fatal("the process wrote nothing")
	}
	return said
}
