package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/optim"
)

func TestLionFields(t *testing.T) {
	want := optim.Lion{LR: 1e-4, Beta1: 0.9, Beta2: 0.99}
	if got := must(optim.New(optim.Lion{}, []float32{1})).Config(0); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	for _, bad := range []optim.Lion{{Beta1: 1}, {Beta2: 1}, {LR: -1}} {
		if _, err := optim.New(bad, []float32{1}); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}
