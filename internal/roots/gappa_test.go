package roots

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Gappa proves the bounds of lemmas 1, 2 and 5, from the very numbers that Pairs uses, and no better ones; Coq, with
// Gappa's library, checks Gappa's proofs. It takes a minute.
func TestGappa(t *testing.T) {
	needMachineProofs(t)
	scripts, err := filepath.Glob("gappa/*.g")
	if err != nil || len(scripts) != 9 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := gappa(string(text), "-Bcoq")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else {
			coq(t, t.TempDir(), strings.TrimSuffix(filepath.Base(name), ".g"), discharged(proof))
		}
	}
	for name, f := range map[string]Form{"single14": Single14, "single12": Single12, "single12short": Single12Short,
		"double14": Double14, "double21": Double21} {
		b, err := os.ReadFile("gappa/" + name + ".g")
		if err != nil {
			t.Fatal(err)
		}
		text, goal := string(b), func(low, high float64) string {
			return fmt.Sprintf("e * 1b%d in [%g, %g]", f.Bits, low, high)
		}
		stated := []string{goal(f.Low, f.High)}
		if f.Half < .5 {
			stated = append(stated, fmt.Sprintf("rnd(z - 1b-%d)", f.Bits+1))
		}
		for _, c := range f.Series[:len(f.Series)-1] {
			stated = append(stated, literal(c))
		}
		for _, s := range stated {
			if !strings.Contains(text, s) {
				t.Errorf("%s.g does not say %q", name, s)
			}
		}
		width := f.High - f.Low
		for _, wrong := range []string{goal(f.Low+.2*width, f.High), goal(f.Low, f.High-.2*width)} {
			if _, err := gappa(strings.Replace(text, stated[0], wrong, 1)); err == nil {
				t.Errorf("%s: Gappa proves %s, too", name, wrong)
			}
		}
	}
}

// literal spells c as an integer and a power of two.
func literal(c float64) string {
	e := 0
	for ; c != float64(int(c)); e-- {
		c *= 2
	}
	return fmt.Sprintf("%db%d", int(c), e)
}

func gappa(script string, args ...string) ([]byte, error) {
	cmd := exec.Command("gappa", append(args, "-Eno-auto-dichotomy")...)
	cmd.Stdin = strings.NewReader(script)
	return cmd.Output()
}

// rewriting is one of a script's identities, which Gappa takes for granted.
var rewriting = regexp.MustCompile(`(?m)^Hypothesis (a\d+) : (.*)\.$`)

// discharged is Gappa's proof with its identities proven.
func discharged(proof []byte) string {
	const prelude = `From Coq Require Import Reals Lra.
Require Import Gappa.Gappa_library.
Ltac identity := first [ring | unfold Float1, float2R, Defs.F2R; simpl; first [ring | lra | field]].
`
	return prelude + rewriting.ReplaceAllString(string(proof), "Lemma $1 : $2.\nProof. identity. Qed.")
}

// coq has Coq check a proof in a folder, with what has been checked there before.
func coq(t *testing.T, dir, name, text string) {
	file := name + ".v"
	if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("coqc", file)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("Coq does not accept %s: %v\n%s", name, err, out)
	}
}

// Coq proves lemma 2 for float64, with the numbers that it leaves, and the theorem for all others.
func TestCoq(t *testing.T) {
	needMachineProofs(t)
	dir := t.TempDir()
	for _, name := range []string{"lemma2", "theorem"} {
		text, err := os.ReadFile("coq/" + name + ".v")
		if err != nil {
			t.Fatal(err)
		}
		coq(t, dir, name, string(text))
	}
}

func needMachineProofs(t *testing.T) {
	if os.Getenv("BITSTEP_GAPPA") == "" {
		t.Skip("BITSTEP_GAPPA is not set; .ci/long sets it, and installs Gappa and Coq")
	}
}
