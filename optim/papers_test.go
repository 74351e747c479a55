package optim_test

import (
	"testing"

	"github.com/bitstep-go/bitstep/optim"
)

// papers says what the cases of testdata/papers.txt are here: algorithms that PyTorch lacks.
var papers = map[string]optim.Torch{
	"signum":    {Config: optim.Signum{}, Fields: "lr=LR beta=Beta"},
	"adabelief": {Config: optim.AdaBelief{}, Fields: "lr=LR beta1=Beta1 beta2=Beta2 eps=Eps"},
	"yogi":      {Config: optim.Yogi{}, Fields: "lr=LR beta1=Beta1 beta2=Beta2 eps=Eps initial=InitialAccumulator"},
	"lars":      {Config: optim.LARS{}, Fields: "lr=LR momentum=Rho eta=Trust weight_decay=WeightDecay"},
	"lamb":      {Config: optim.LAMB{}, Fields: "lr=LR beta1=Beta1 beta2=Beta2 eps=Eps lamda=Decay"},
	"adan":      {Config: optim.Adan{}, Fields: "lr=LR beta1=Beta1 beta2=Beta2 beta3=Beta3 eps=Eps"},
	"adopt":     {Config: optim.ADOPT{}, Fields: "lr=LR beta1=Beta1 beta2=Beta2 eps=Eps unlimited=Unlimited"},
	"ademamix": {Config: optim.AdEMAMix{},
		Fields: "lr=LR beta1=Beta1 beta2=Beta2 beta3=Beta3 alpha=Mix eps=Eps warmup=WarmUp"},
	"schedulefree": {Config: optim.ScheduleFreeSGD{Decoupled: true},
		Fields: "lr=LR beta=Beta warmup=WarmUp weight_decay=WeightDecay"},
	"schedulefree-adam": {Config: optim.ScheduleFreeAdam{Decoupled: true},
		Fields: "lr=LR beta=Beta beta2=Beta2 eps=Eps warmup=WarmUp weight_decay=WeightDecay"},
	"sophia":  {Config: optim.Sophia{}, Fields: "lr=LR beta1=Beta1 gamma=Gamma eps=Eps"},
	"madgrad": {Config: optim.MADGRAD{}, Fields: "lr=LR momentum=Rho eps=Eps"},
	"prodigy": {Config: optim.Prodigy{}, Fields: "lr=LR beta1=Beta1 beta2=Beta2 eps=Eps d=Distance"},
}

// Every trajectory of papers.txt is followed, within the tolerance for PyTorch's.
func TestPapers(t *testing.T) {
	worst, followed := 0.0, map[string]bool{}
	for _, c := range torchCases(t, "papers.txt") {
		f, ok := papers[c.name]
		if !ok {
			t.Errorf("nothing here follows %v", c)
			continue
		}
		followed[c.name] = true
		if c.typ == "float32" {
			worst = max(worst, testTorch[float32](t, c, f, false))
		} else {
			worst = max(worst, testTorch[float64](t, c, f, false))
		}
	}
	for name := range papers {
		if !followed[name] {
			t.Errorf("testdata/papers.txt has no %s", name)
		}
	}
	t.Logf("the largest difference was %.2f of what is allowed", worst)
}
