package cli

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/linear"
	"github.com/bitstep-go/bitstep/linear/dataset"
	"github.com/bitstep-go/bitstep/linear/witness"
	"github.com/bitstep-go/bitstep/receipt"
)

// dataFlags choose the images that the subcommands train on.
type dataFlags struct {
	dir        string
	validation int
	rows       bool
	threads    int
	seed       uint64
	typ        string
	claimed    bool // a receipt has claims about the images
}

func (f *dataFlags) register(set *flag.FlagSet) {
	set.StringVar(&f.dir, "data", "", "`folder` with CIFAR-10's binary files, data_batch_1.bin to test_batch.bin\n"+
		"(without it, a synthetic set in the same format is made once and kept in the user's cache),\n"+
		"or "+synthetic+"N for N training images of that set, at most "+thousands(mostSynthetic)+",\n"+
		"kept nowhere")
	set.IntVar(&f.validation, "validation", 5000, "`images` of the training set to keep for validation, 0 for none")
	set.BoolVar(&f.rows, "rows", false, "keep the features in memory, four times the pixels' size or eight,\n"+
		"instead of making them whenever they are used; the results are the same")
	set.IntVar(&f.threads, "threads", 0, "`number` of threads, 0 for all of the machine; the results are the same")
	set.Uint64Var(&f.seed, "seed", 1, "`number` that decides all that is random: weights, order of the images, split")
	set.StringVar(&f.typ, "type", "float32", "element `type`: "+either(elementTypes))
	suggest(set, "type", elementTypes)
}

// synthetic begins a value of -data that is no folder.
const synthetic = "synthetic:"

// mostSynthetic is how many images synthetic:N makes at most: 1.5 GB.
const mostSynthetic = 500_000

// syntheticImages returns how many training images -data says are to be made, or 0 if it says something else.
func (f *dataFlags) syntheticImages() (int, error) {
	number, ok := strings.CutPrefix(f.dir, synthetic)
	if !ok {
		return 0, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 5 || n > mostSynthetic { // 5 as dataset.Synthetic has it
		return 0, usageError{fmt.Errorf("-data %s, want %s and a number of training images, 5 to %s", f.dir, synthetic,
			thousands(mostSynthetic))}
	}
	return n, nil
}

// An images is a set of images, split and named.
type images struct {
	train, validation, test *dataset.Images        // validation may be nil
	claims                  func() []receipt.Claim // about the training set before the split
}

// load reads the set and tells on w what it is.
func (f *dataFlags) load(w io.Writer) (images, error) {
	dir := f.dir
	var train, test *dataset.Images
	var claims func() []receipt.Claim
	n, err := f.syntheticImages()
	if err != nil {
		return images{}, err
	}
	if n > 0 {
		if train, test, err = (dataset.Synthetic{Seed: 1, Train: n}).Images(f.threads); err != nil {
			return images{}, err
		}
		fmt.Fprintln(w, "data       SYNTHETIC images, the first of the training set: not the real CIFAR-10")
	} else if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			cache = os.TempDir()
		}
		dir = filepath.Join(cache, "bitstep", "cifar-10-synthetic")
		fmt.Fprintln(w, "data       SYNTHETIC images, since there is no -data: not the real CIFAR-10")
		var hashes dataset.Hashes // which it compares
		train, test, hashes, err = dataset.Synthetic{Seed: 1}.CachedHashes(dir, func() {
			fmt.Fprintf(w, "           making them in %s\n", dir)
		})
		if err != nil {
			return images{}, err
		}
		claims = func() []receipt.Claim { return witness.HashedImages("training", train, hashes) }
	} else if train, test, err = dataset.LoadCIFAR10(dir); err != nil {
		return images{}, fmt.Errorf("%w\n(without -data, a synthetic set is made and used)", err)
	}
	set := images{train: train, test: test}
	if f.claimed {
		if claims == nil {
			claims = func() []receipt.Claim { return witness.Images("training", train) }
		}
		set.claims = sync.OnceValue(claims) // which lets go of the images
		go set.claims()                     // beside what follows
	}
	if f.validation != 0 {
		if set.train, set.validation, err = train.Split(f.validation, f.seed); err != nil {
			return images{}, usageError{fmt.Errorf("-validation %d: %w", f.validation, err)}
		}
	}
	fmt.Fprintf(w, "           %s\n", dir)
	fmt.Fprintf(w, "           %s images to train, %s to validate, %s to test; %s\n", thousands(set.train.Len()),
		thousands(f.validation), thousands(test.Len()), strings.Join(test.Classes, ", "))
	return set, nil
}

// prepare makes features of the images: scaled, less the mean image of the training set, and a constant.
func prepare[T kernels.Float](set images, f *dataFlags) (data linear.Data[T], err error) {
	pre := dataset.NewPreprocess(set.train)
	for _, part := range []struct {
		from *dataset.Images
		to   *linear.Set[T]
	}{{set.train, &data.Train}, {set.validation, &data.Validation}, {set.test, &data.Test}} {
		if part.from == nil {
			continue
		}
		e, err := dataset.NewExamples[T](part.from, pre)
		if err != nil {
			return data, err
		}
		if f.rows {
			*part.to = linear.NewResidentSet(e, bitstep.On[T](bitstep.Active()), f.threads)
		} else {
			*part.to = linear.NewSet(e)
		}
	}
	return data, nil
}

// lossNames are the names of the losses over classes.
func lossNames() (names []string) {
	for _, l := range linear.Losses() {
		if l.Target() == linear.Classes {
			names = append(names, l.Name())
		}
	}
	return names
}

// parseLoss returns the loss of that name, which must be one over classes.
func parseLoss(name string) (linear.Loss, error) {
	if l, err := linear.ParseLoss(name); err == nil && l.Target() == linear.Classes {
		return l, nil
	}
	return nil, fmt.Errorf("-loss %s, want %s", name, either(lossNames()))
}

// thousands writes 50000 as 50,000.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
