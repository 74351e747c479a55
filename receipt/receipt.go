package receipt

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/bitstep-go/bitstep/internal/check"
)

// A Receipt is a receipt that has been read, and whose chain holds.
type Receipt struct {
	Every    uint64 // steps of each segment but the start, which has none, and the last, which may have fewer
	Claims   []Claim
	Segments []Segment // the first is the start
	Results  []Claim   // of the end
	Ended    bool      // false: the run goes on, or the file was cut off
	Digest   string    // of the last line: the receipt's if it has ended

	r      io.ReaderAt
	name   string
	end    int64 // offset of what would be the next record
	closer io.Closer
}

// A Segment is the state after a step, and what is claimed of the steps since the segment before.
type Segment struct {
	Step   uint64
	Facts  []Claim
	SHA256 string // of the state
	Bytes  int64  // of the state

	offset int64
}

// maxLine is how many bytes a line has at most, with its line feed: what is read of a file that may not be a receipt.
const maxLine = 64 << 20

// A CutError says that a receipt ends in the middle of a record, or before its end. Receipt is what came before, or nil
// if not even the start is whole.
type CutError struct {
	Name    string
	Record  int   // its number from 0
	Offset  int64 // where it begins
	Receipt *Receipt
}

func (e *CutError) Error() string {
	return fmt.Sprintf("%s: record %d, at byte %d: the file ends there: it was cut off, or the run goes on", e.Name,
		e.Record, e.Offset)
}

// Open reads the receipt in a file, which stays open until Close.
func Open(path string) (*Receipt, error) {
	info, err := os.Stat(path) // before it is opened, which of a pipe may take forever
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var r *Receipt
	if info, err = f.Stat(); err == nil {
		r, err = Read(f, info.Size(), path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	r.closer = f
	return r, nil
}

// Close closes the file that Open opened.
func (r *Receipt) Close() error {
	if r.closer == nil {
		return nil
	}
	return r.closer.Close()
}

// Read reads a receipt of size bytes, named name in messages, and checks every byte of it: the form, that each line
// names the digest of the line before, that steps ascend, and the digests of all states. An error names the record and
// the byte where it begins. A receipt without an end is a [CutError]. r is read again when states are asked for.
func Read(r io.ReaderAt, size int64, name string) (*Receipt, error) {
	p := &parser{in: bufio.NewReaderSize(io.NewSectionReader(r, 0, size), 1<<16), size: size,
		out: &Receipt{r: r, name: name}}
	for !p.out.Ended {
		err := p.record()
		if err == nil {
			p.number++
			p.out.end = p.at
			continue
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			cut := &CutError{Name: name, Record: p.number, Offset: p.out.end}
			if len(p.out.Segments) > 0 {
				cut.Receipt = p.out
			}
			return nil, cut
		}
		return nil, fmt.Errorf("%s: record %d, at byte %d: %w", name, p.number, p.out.end, err)
	}
	if p.at != size {
		return nil, fmt.Errorf("%s: byte %d: %d bytes follow the end of the receipt", name, p.at, size-p.at)
	}
	return p.out, nil
}

// A parser reads records one after another.
type parser struct {
	in     *bufio.Reader
	at     int64
	size   int64
	number int
	out    *Receipt
}

// record reads a record, and its state if it has one.
func (p *parser) record() error {
	line, err := p.line()
	if err != nil {
		return err
	}
	switch {
	case p.number == 0:
		err = p.head(line)
	case bytes.Contains(line[:min(len(line), 100)], []byte(`,"end":`)): // previous has 64 digits
		err = p.last(line)
	default:
		err = p.segment(line)
	}
	if err != nil {
		return err
	}
	p.out.Digest = digestOf(line)
	return nil
}

// line reads to a line feed.
func (p *parser) line() (line []byte, err error) {
	for {
		part, err := p.in.ReadSlice('\n')
		line = append(line, part...)
		p.at += int64(len(part))
		switch {
		case len(line) > maxLine:
			return nil, fmt.Errorf("a line of more than %d bytes", maxLine)
		case err == nil:
			return line, nil
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}

func (p *parser) head(line []byte) error {
	var h headLine
	if err := decode(line, &h); err != nil {
		return fmt.Errorf("not the first line of a receipt: %w", err)
	}
	if h.Receipt != Version {
		return fmt.Errorf("version %d of receipts, want %d", h.Receipt, Version)
	}
	p.out.Every, p.out.Claims = h.Every, h.Claims
	return errors.Join(checkEvery(h.Every), checkListed(h.Claims))
}

func (p *parser) segment(line []byte) error {
	var s segmentLine
	if err := decode(line, &s); err != nil {
		return err
	}
	i, last := len(p.out.Segments), uint64(0)
	if i > 0 {
		last = p.out.Segments[i-1].Step
	}
	if err := p.follows(s.Previous); err != nil {
		return err
	}
	if s.Segment != i {
		return fmt.Errorf("segment %d, want %d", s.Segment, i)
	}
	if err := errors.Join(checkStep(p.out.Every, i, last, s.Step), checkListed(s.Facts)); err != nil {
		return err
	}
	if s.Bytes < 0 || uint64(s.Bytes) > check.Memory() {
		return fmt.Errorf("a state of %d bytes, want 0 to what memory can hold, %d", s.Bytes, check.Memory())
	}
	if s.Bytes >= p.size-p.at { // with its line feed
		return io.ErrUnexpectedEOF
	}
	offset, h := p.at, sha256.New()
	n, err := io.CopyN(h, p.in, s.Bytes)
	p.at += n
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != s.SHA256 {
		return fmt.Errorf("the state of segment %d, step %d, has the digest %s, and its record says %s", i, s.Step, got,
			Printable(s.SHA256))
	}
	switch b, err := p.in.ReadByte(); {
	case err != nil:
		return err
	case b != '\n':
		return fmt.Errorf("after the state of segment %d is %q, want a line feed", i, b)
	}
	p.at++
	p.out.Segments = append(p.out.Segments, Segment{s.Step, s.Facts, s.SHA256, s.Bytes, offset})
	return nil
}

func (p *parser) last(line []byte) error {
	var e endLine
	if err := decode(line, &e); err != nil {
		return err
	}
	if err := p.follows(e.Previous); err != nil {
		return err
	}
	n := len(p.out.Segments)
	if n == 0 {
		return errors.New("an end without segments")
	}
	if step := p.out.Segments[n-1].Step; !e.End || e.Segments != n || e.Step != step {
		return fmt.Errorf("the end of %d segments at step %d, want %d at step %d", e.Segments, e.Step, n, step)
	}
	p.out.Results, p.out.Ended = e.Results, true
	return checkListed(e.Results)
}

// checkListed checks claims of a file, where null is none.
func checkListed(claims []Claim) error {
	if claims == nil {
		return errors.New("null instead of a list of claims")
	}
	return checkClaims(claims)
}

// follows checks the chain.
func (p *parser) follows(previous string) error {
	if previous != p.out.Digest {
		return fmt.Errorf("the chain is broken: previous is %s, the line before has %s", Printable(previous),
			p.out.Digest)
	}
	return nil
}

// State reads the state of a segment, and checks it again.
func (r *Receipt) State(segment int) ([]byte, error) {
	s := r.Segments[segment]
	state := make([]byte, s.Bytes)
	if _, err := r.r.ReadAt(state, s.offset); err != nil && !(err == io.EOF && s.Bytes == 0) {
		return nil, fmt.Errorf("%s: the state of segment %d: %w", r.name, segment, err)
	}
	if digestOf(state) != s.SHA256 {
		return nil, fmt.Errorf("%s: the state of segment %d has changed since the receipt was read", r.name, segment)
	}
	return state, nil
}
