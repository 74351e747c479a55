package receipt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Version is the version of the file's form.
const Version = 2

// A Claim is something that a run says of itself, and that its replay must find: a fact of the data, of the
// configuration or of some steps. Both texts are UTF-8.
type Claim struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// The lines of the three kinds of record. Field order is the file's.
type (
	headLine struct {
		Receipt int     `json:"receipt"`
		Every   uint64  `json:"every"`
		Claims  []Claim `json:"claims"`
	}
	segmentLine struct {
		Previous string  `json:"previous"`
		Segment  int     `json:"segment"`
		Step     uint64  `json:"step"`
		Facts    []Claim `json:"facts"`
		Bytes    int64   `json:"bytes"`
		SHA256   string  `json:"sha256"`
	}
	endLine struct {
		Previous string  `json:"previous"`
		End      bool    `json:"end"`
		Segments int     `json:"segments"`
		Step     uint64  `json:"step"`
		Results  []Claim `json:"results"`
	}
)

// A Writer writes a receipt. After an error it writes no more, and returns the error again.
type Writer struct {
	w        io.Writer
	begin    func() error // what is to be done before the first record is written, or nil
	every    uint64
	previous string // digest of the last line
	segments int
	step     uint64
	buffer   []byte // of the last record, for the next
	err      error
}

// ErrEnded is what a Writer says after End, and [Continue] of a receipt that has ended.
var ErrEnded = errors.New("the receipt has ended")

// NewWriter begins a receipt of a state every so many steps, with the claims of a run. Their names must differ.
func NewWriter(w io.Writer, every uint64, claims []Claim) (*Writer, error) {
	r := &Writer{w: w, every: every}
	if err := errors.Join(checkEvery(every), checkClaims(claims)); err != nil {
		return nil, fmt.Errorf("receipt: NewWriter: %w", err)
	}
	if err := r.line(headLine{Version, every, orEmpty(claims)}, nil); err != nil {
		return nil, err
	}
	return r, nil
}

// Add writes a segment: the state after so many steps of the run, and facts about those since the last Add. The first
// segment is that of step 0, and each later one has the steps that NewWriter was told, but for the last, which may have
// fewer. Add keeps nothing of its arguments.
func (r *Writer) Add(step uint64, facts []Claim, state []byte) error {
	if r.err != nil {
		return r.err
	}
	if err := checkClaims(facts); err != nil {
		return fmt.Errorf("receipt: Add: %w", err)
	}
	if err := checkStep(r.every, r.segments, r.step, step); err != nil {
		return fmt.Errorf("receipt: Add: %w", err)
	}
	err := r.line(segmentLine{r.previous, r.segments, step, orEmpty(facts), int64(len(state)), digestOf(state)}, state)
	if err == nil {
		r.segments, r.step = r.segments+1, step
	}
	return err
}

// Segments returns how many segments there are, the start included.
func (r *Writer) Segments() int { return r.segments }

// Every returns how many steps lie between two states.
func (r *Writer) Every() uint64 { return r.every }

// End ends the receipt with what the run came to, and returns its digest: 64 hexadecimal digits.
func (r *Writer) End(results []Claim) (digest string, err error) {
	if r.err != nil {
		return "", r.err
	}
	if err := checkClaims(results); err != nil {
		return "", fmt.Errorf("receipt: End: %w", err)
	}
	if r.segments == 0 {
		return "", errors.New("receipt: End: no segment, want at least the start")
	}
	if err := r.line(endLine{r.previous, true, r.segments, r.step, orEmpty(results)}, nil); err != nil {
		return "", err
	}
	r.err = fmt.Errorf("receipt: %w", ErrEnded)
	return r.previous, nil
}

// line writes a record in one call of Write. A program or a machine that is stopped meanwhile may leave any part of it,
// which Read tells from a whole one, and Continue cuts off.
func (r *Writer) line(record any, state []byte) error {
	text, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	text = append(text, '\n')
	if len(text) > maxLine {
		return fmt.Errorf("receipt: a line of %d bytes of claims, want at most %d", len(text), maxLine)
	}
	digest := digestOf(text)
	r.buffer = append(r.buffer[:0], text...)
	if _, segment := record.(segmentLine); segment {
		r.buffer = append(append(r.buffer, state...), '\n')
	}
	if r.begin != nil {
		err = r.begin()
		r.begin = nil
	}
	if err == nil {
		_, err = r.w.Write(r.buffer)
	}
	if err != nil {
		r.err = fmt.Errorf("receipt: %w", err)
		return r.err
	}
	r.previous = digest
	return nil
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// orEmpty keeps nil from becoming null in the file.
func orEmpty(c []Claim) []Claim {
	if c == nil {
		return []Claim{}
	}
	return c
}

func checkClaims(claims []Claim) error {
	seen := map[string]bool{}
	for i, c := range claims {
		switch {
		case !utf8.ValidString(c.Name) || !utf8.ValidString(c.Value):
			return fmt.Errorf("claim %d, %.100q = %.100q, is not UTF-8", i, c.Name, c.Value)
		case seen[c.Name]:
			return fmt.Errorf("claim %.100q is there twice", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}

func checkEvery(every uint64) error {
	if every == 0 {
		return errors.New("a state every 0 steps, want at least 1")
	}
	return nil
}

// checkStep checks the step of segment i, where the segment before has step last: segments of one length leave nobody
// the choice which of them are drawn seldom for the steps that they have.
func checkStep(every uint64, i int, last, step uint64) error {
	switch {
	case i == 0 && step == 0:
		return nil
	case i == 0:
		return fmt.Errorf("segment 0 has step %d, want 0, the start", step)
	case last%every != 0:
		return fmt.Errorf("segment %d follows one that ends at step %d, which none but the last may, of %d steps each",
			i, last, every)
	case step <= last || step-last > every:
		return fmt.Errorf("segment %d has step %d, want %d after the %d of the segment before, or fewer in the last",
			i, step, every, last)
	}
	return nil
}

// A file is what Continue goes on in, such as an os.File.
type file interface {
	io.ReaderAt
	io.WriteSeeker
	Truncate(size int64) error
}

// Continue returns a Writer that goes on at the end of the receipt in f, of size bytes, with the name for messages; and
// the receipt as it is, whose last segment has the state from which the run goes on. What a program that was killed has
// left of a record is cut off when the Writer writes its first: until then f is as it was. A receipt that has ended is
// an error that wraps [ErrEnded].
func Continue(f file, size int64, name string) (*Writer, *Receipt, error) {
	r, err := Read(f, size, name)
	var cut *CutError
	if errors.As(err, &cut) && cut.Receipt != nil {
		r, err = cut.Receipt, nil
	}
	switch {
	case err != nil:
		return nil, nil, err
	case r.Ended:
		return nil, nil, fmt.Errorf("%s: %w", name, ErrEnded)
	}
	begin := func() error {
		if err := f.Truncate(r.end); err != nil {
			return err
		}
		_, err := f.Seek(r.end, io.SeekStart)
		return err
	}
	last := r.Segments[len(r.Segments)-1]
	return &Writer{w: f, begin: begin, every: r.Every, previous: r.Digest, segments: len(r.Segments),
		step: last.Step}, r, nil
}

// decode reads a line into a record, of which each field must be there as the Writer makes it.
func decode(line []byte, record any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(record); err != nil {
		return fmt.Errorf("the line is no JSON of this record: %s", Printable(err.Error())) // not an end of the file
	}
	again, err := json.Marshal(record)
	if err != nil {
		return err
	}
	if !bytes.Equal(append(again, '\n'), line) {
		return errors.New("the line is not as a receipt has it: fields missing, twice or in another order, or spaces")
	}
	return nil
}
