package main_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/bitstep-go/bitstep/kernels/table"
)

// The other side of testdata/driver.c: a C program that calls bitstep.h as it is told.

// A request is what the driver is told: see driver.c.
type request struct {
	Function                   [64]byte
	Mode, N, T                 uint64
	Op                         [8]uint64
	Lengths, Hyper, Result     uint64
	Float                      [4]float32
	Double                     [4]float64
	TransA, TransB             int32
	M, K, Lda, Ldb, Ldc, Bytes uint64
}

func (r *request) name() string { return string(bytes.TrimRight(r.Function[:], "\x00")) }

type answer struct {
	Code    int32
	Probe   uint32
	Mode    uint64
	Message [512]byte
}

func (a *answer) message() string { return string(bytes.TrimRight(a.Message[:], "\x00")) }

// The memory of requests lies at base, and nothing behind it.
const (
	memoryBytes = 1 << 16
	base        = 0x20000000 + 1<<20 - memoryBytes
)

// The codes of bitstep.h.
const (
	ok = iota
	null
	length
	alignment
	overlap
	value
)

// A driver is the C program, running.
type driver struct {
	in  io.Writer
	out io.Reader
}

// start starts a driver, as a program or by other programs such as valgrind.
func start(t testing.TB, env []string, program string, by ...string) *driver {
	t.Helper()
	command := append(append([]string{}, by...), program)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the driver: %v", err)
		}
	})
	return &driver{in, out}
}

// call makes the driver call a function, and returns the memory after it.
func (d *driver) call(t testing.TB, r request, memory []byte) (a answer, after []byte) {
	t.Helper()
	var b bytes.Buffer
	r.Bytes = uint64(len(memory))
	if err := binary.Write(&b, binary.LittleEndian, r); err != nil {
		t.Fatal(err)
	}
	b.Write(memory)
	after = make([]byte, len(memory))
	_, err := d.in.Write(b.Bytes())
	if err == nil {
		err = binary.Read(d.out, binary.LittleEndian, &a)
	}
	if err == nil {
		_, err = io.ReadFull(d.out, after)
	}
	if err != nil {
		t.Fatalf("%s: the driver ended: %v; request %+v", r.name(), err, r)
	}
	return a, after
}

// A kernel is a row, and its name in C.
type kernel struct {
	table.Row
	c      string
	hypers []string // of a step, in the order of its struct
	t      bool     // depends on the number of the step
}

// allKernels reads bitstep.json, which must have every row of the table.
func allKernels(t testing.TB) (all []kernel) {
	t.Helper()
	text, err := os.ReadFile("bitstep.json")
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Kernels []struct {
			Name, Row string
			Step      struct {
				Fields []string
				T      bool
			}
		}
	}
	if err := json.Unmarshal(text, &described); err != nil {
		t.Fatal(err)
	}
	if got, want := len(described.Kernels), len(table.Rows); got != want {
		t.Fatalf("bitstep.json has %d kernels, want the %d of the table", got, want)
	}
	for i, row := range table.Rows {
		k := described.Kernels[i]
		if k.Row != row.Name {
			t.Fatalf("bitstep.json has %s, want %s", k.Row, row.Name)
		}
		all = append(all, kernel{row, k.Name, k.Step.Fields, k.Step.T})
	}
	return all
}

// function is the name of a function for elements of that size.
func function(name string, size int, each bool) (f [64]byte) {
	s := "bitstep_" + name + "_f32"
	if size == 8 {
		s = strings.TrimSuffix(s, "32") + "64"
	}
	if each {
		s += "_each"
	}
	copy(f[:], s)
	return f
}
