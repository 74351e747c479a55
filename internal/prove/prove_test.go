package prove

import (
	"fmt"
	"testing"
)

const root = "../../"

func prover(t testing.TB) *Prover {
	t.Helper()
	f, err := ReadFile(root + "kernels_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	b, err := ReadBackends(root + "detect_amd64.go")
	if err != nil {
		t.Fatal(err)
	}
	return &Prover{f, b}
}

func TestEveryFunction(t *testing.T) {
	v := prover(t)
	count := map[string]int{}
	for _, fn := range v.File.Funcs {
		class, proven, err := v.Prove(fn)
		if err != nil {
			t.Errorf("%s: %v", fn.Name, err)
			count[fmt.Sprint(class, " failed")]++
			continue
		}
		if proven != Covered[class] {
			t.Errorf("%s: proven %v, of a class (%s) that is covered: %v", fn.Name, proven, class, Covered[class])
		}
		count[fmt.Sprint(class, " ", proven)]++
	}
	t.Log(count)
}
