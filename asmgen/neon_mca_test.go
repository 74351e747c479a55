package main

import (
	"debug/elf"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"
)

// Two ways of counting agree: what a turn takes by this package's reading of what it emits, and what it takes by LLVM's
// simulation, with its own models of the cores, of the machine code that became of it. LLVM's models of Apple's cores
// are of one from 2013; those of Neoverse count what is issued, not what is renamed. BITSTEP_MCA is llvm-mca's path.
func TestTilesInLLVM(t *testing.T) {
	mca := os.Getenv("BITSTEP_MCA")
	if mca == "" {
		t.Skip("BITSTEP_MCA is not set")
	}
	tiles := neonTiles(t)
	var names []string
	for _, tile := range tiles {
		names = append(names, tile.name)
	}
	assembly := assemblyOf(t, inner, names)
	for _, c := range cores {
		if c.llvm == "" {
			continue
		}
		cycles := simulate(t, mca, c.llvm, assembly)
		for _, tile := range tiles {
			got, ok := cycles[tile.name]
			if want := tile.loop.ports(c); !ok || math.Abs(got/want-1) > .05 {
				t.Errorf("%s on %s: %.2f cycles, want %.2f", tile.name, c.name, got, want)
			}
		}
		t.Logf("%s: %d tiles", c.name, len(cycles))
	}
}

const iterations = 1000

var region = regexp.MustCompile(`(?s)\[\d+\] Code Region - (\w+).*?Iterations: +(\d+).*?Total Cycles: +(\d+)`)

// simulate returns the cycles of a turn of each region of the assembly.
func simulate(t *testing.T, mca, cpu, assembly string) map[string]float64 {
	cmd := exec.Command(mca, "-mtriple=aarch64", "-mcpu="+cpu, fmt.Sprint("-iterations=", iterations))
	cmd.Stdin = strings.NewReader(assembly)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	cycles := map[string]float64{}
	for _, m := range region.FindAllStringSubmatch(string(out), -1) {
		n, err := strconv.Atoi(m[3])
		if err != nil || m[2] != fmt.Sprint(iterations) {
			t.Fatalf("%s: %q", cpu, m)
		}
		cycles[m[1]] = float64(n) / iterations
	}
	return cycles
}

// assemblyOf returns loops of functions in GNU's syntax, each a region of llvm-mca, from a program for arm64.
func assemblyOf(t *testing.T, s search, names []string) string {
	program := filepath.Join(t.TempDir(), "arm64.test")
	build := exec.Command("go", "test", "-c", "-o", program, "..")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, sym := range symbols {
		name, ok := strings.CutPrefix(strings.TrimSuffix(sym.Name, ".abi0"), "github.com/bitstep-go/bitstep.")
		if !ok || !slices.Contains(names, name) {
			continue
		}
		code := make([]byte, sym.Size)
		section := file.Sections[sym.Section]
		if _, err := section.ReadAt(code, int64(sym.Value-section.Addr)); err != nil {
			t.Fatal(err)
		}
		if loop := s.inCode(code); loop != "" { // of what calls the function there is none
			fmt.Fprintf(&b, "# LLVM-MCA-BEGIN %s\n%s# LLVM-MCA-END\n", name, loop)
		}
	}
	return b.String()
}

// inCode is in, of machine code.
func (s search) inCode(code []byte) (best string) {
	most, inside := 0, 0
	var lines []string
	for at := 0; at < len(code)/4; at++ {
		inst, err := arm64asm.Decode(code[4*at:])
		if err != nil {
			break // padding
		}
		line := arm64asm.GNUSyntax(inst)
		var target arm64asm.PCRel
		branches := false
		for _, arg := range inst.Args {
			if rel, ok := arg.(arm64asm.PCRel); ok {
				target, branches = rel, true
				line = line[:strings.LastIndex(line, ".")] + "." // wherever it leads, it is not taken
			}
		}
		lines = append(lines, line+"\n")
		if !branches {
			continue
		}
		if from := at + int(target)/4; target < 0 && from >= inside {
			body := strings.Join(lines[from:], "")
			if n := strings.Count(body, s.operation); n > most {
				best, most = body, n
			}
		}
		if target < 0 || s.straight {
			inside = at + 1
		}
	}
	return best
}
