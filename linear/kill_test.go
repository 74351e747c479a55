package linear

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// trainedFile, when set, is the checkpoint of the run that this process is to train.
const trainedFile = "BITSTEP_TEST_TRAINED_FILE"

// long is a run of 60 steps that is saved after each.
func long(path string) TrainConfig {
	c := quick()
	c.Epochs, c.Checkpoint = 20, path
	if path != "" {
		c.CheckpointSteps = 1
	}
	return c
}

// trainFile trains in this process as a program would: on from the checkpoint, if there is one.
func trainFile(path string) error {
	x, err := NewTrainer(long(path), tiny[float32]())
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		if err := x.Resume(path); err != nil {
			return err
		}
	}
	fmt.Println("training")
	r, err := x.Run(context.Background())
	if err != nil {
		return err
	}
	fmt.Println("weights", r.Model.Hash())
	return nil
}

// A run in a process that is killed at random moments, and started again and again, leaves a good checkpoint
// each time. From any of them the run ends with the weights of one that was not interrupted.
func TestTrainingKilled(t *testing.T) {
	if path := os.Getenv(trainedFile); path != "" {
		if err := trainFile(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("no processes on", runtime.GOOS)
	}
	if testing.Short() {
		t.Skip("starts some seventy processes")
	}
	if raceEnabled {
		t.Skip("the race detector slows what a kill must hit, and sees one process at a time")
	}
	const kills = 60
	want := hashOf(t, trainer(t, long(""), tiny[float32]()))
	path := filepath.Join(t.TempDir(), "run")
	r := rand.New(rand.NewPCG(3, 4))
	finished, resumed := 0, map[uint64]bool{}
	for kill := 0; kill < kills; {
		_, missing := os.Stat(path)
		said, killed := killTraining(t, path, time.Duration(r.Float64()*float64(30*time.Millisecond)))
		if !killed {
			if said != "weights "+want {
				t.Fatalf("a process ended with %q, want weights %s", said, want)
			}
			finished++
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		kill++
		x := trainer(t, long(""), tiny[float32]())
		if err := x.Resume(path); errors.Is(err, fs.ErrNotExist) && missing != nil {
			continue // killed before the first step's checkpoint was there
		} else if err != nil {
			t.Fatalf("kill %d: %v", kill, err)
		}
		resumed[x.Steps()] = true
		if got := hashOf(t, x); got != want {
			t.Fatalf("kill %d: resumed and ended with weights %s, want %s", kill, got, want)
		}
	}
	if len(resumed) < 10 {
		t.Errorf("checkpoints of %d different steps were left by %d kills: these were not random moments",
			len(resumed), kills)
	}
	t.Logf("%d kills left checkpoints of %d different steps; %d processes ended", kills, len(resumed), finished)
}

// killTraining starts a process that trains, and kills it that long after it has begun. It returns the last
// line that it printed, and whether it was killed before its end.
func killTraining(t *testing.T, path string, after time.Duration) (last string, killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestTrainingKilled$")
	cmd.Env = append(os.Environ(), trainedFile+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil || first != "training\n" {
		t.Fatalf("the process began with %q, %v", first, err)
	}
	timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	fired := !timer.Stop()
	if err == nil {
		return strings.TrimSpace(string(rest)), false
	}
	if !fired {
		t.Fatalf("the process ended with %v: %s", err, rest)
	}
	return "", true
}
