package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	comparison "github.com/bitstep-go/bitstep/bench/internal/compare"
	"github.com/bitstep-go/bitstep/bench/internal/record"
	"github.com/bitstep-go/bitstep/bench/internal/record/recordtest"
)

// slow makes the rows of a kernel slower.
func slow(r record.Record, kernel string, by float64) record.Record {
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Name == kernel {
			for j := range row.Samples {
				row.Samples[j] *= by
			}
			for j := range row.Shares {
				row.Shares[j] /= by
			}
			row.Median *= by
			row.Share /= by
		}
	}
	return r
}

func TestCompare(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "olds"), 0o755); err != nil {
		t.Fatal(err)
	}
	save(t, dir, "old.json", recordtest.New(1))
	save(t, dir, "again.json", recordtest.New(2))
	save(t, dir, "slow.json", slow(recordtest.New(3), "Lion", 1.2))
	other := recordtest.New(4)
	other.Machine.CPU, other.Machine.Cores = "Another CPU", 64
	save(t, dir, "other.json", other)
	fewer := recordtest.New(5)
	fewer.Rows = fewer.Rows[1:]
	fewer.Rows[0].Name = "new thing"
	save(t, dir, "fewer.json", fewer)
	unstable := slow(recordtest.New(6), "Lion", 1.2)
	for i := range unstable.Rows {
		unstable.Rows[i].Unstable = true
	}
	save(t, dir, "unstable.json", unstable)
	bits := recordtest.New(1)
	bits.Rows[len(bits.Rows)/2].Hash = "other"
	save(t, dir, "bits.json", bits)

	for i := range 4 {
		save(t, dir, fmt.Sprintf("olds/%d.json", i), recordtest.New(uint64(10+i)))
		save(t, dir, fmt.Sprintf("slow%d.json", i+1), slow(recordtest.New(uint64(20+i)), "Lion", 1.2))
	}

	shares := 0 // rows that have a share of a ceiling
	for _, r := range other.Rows {
		if r.Share > 0 {
			shares++
		}
	}
	for _, c := range []struct {
		args   string
		status int
		out    []string
		err    string
	}{
		{"old.json old.json -threshold 0", 0, []string{"0 lines"}, ""},
		{"-threshold 5% old.json again.json", 0, []string{"geometric mean of new/old 1.00"}, ""},
		{"old.json slow.json", 0, []string{"slower  Lion float32 avx512 L1", "1.2"}, ""},
		{"-threshold=5% old.json slow.json", 1, []string{"slower  Lion float32 avx512 L1"},
			"48 rows slower by surely more than 5%"},
		{"-threshold=0.3 old.json slow.json", 0, []string{"slower  Lion"}, ""},
		{"-threshold=5% slow.json old.json", 0, []string{"faster  Lion"}, ""},
		{"-threshold=5% old.json again.json slow.json", 1, []string{"old.json -> again.json", "old.json -> slow.json"},
			"slow.json: 48"},
		{"-threshold=5% old.json unstable.json", 1, []string{"slower, unstable  Lion"}, "can judge no row"},
		{"old.json unstable.json", 0, []string{"One process a side"}, ""},
		{"-threshold=5% olds slow1.json,slow2.json,slow3.json,slow4.json", 1, []string{
			"olds -> slow1.json,slow2.json,slow3.json,slow4.json, medians of 4 and 4 processes\n",
			"slower  Lion float32 avx512 L1"}, "48 rows slower by surely more than 5%"},
		{"-threshold=5% -share olds olds", 0, []string{"medians of 4 and 4"}, ""},
		{"-threshold=5% olds slow1.json,slow2.json", 1, []string{"4 and 2 processes"}, "can judge no row"},
		{"-alpha=.01 old.json slow.json", 0, []string{"99% interval"}, ""},
		{"-share -threshold=5% old.json other.json", 0, []string{fmt.Sprintf("%d rows compared", shares)}, ""},
		{"-share -threshold=5% old.json slow.json", 1, []string{"old ceilings", "1.3", "slower  Lion"}, "48 rows"},
		{"old.json fewer.json", 0, []string{"only in old.json:\n  kernel: SGD float32 go L1\n",
			"only in fewer.json:\n  kernel: new thing float32 go L1 2 threads\n"}, ""},
		{"old.json bits.json", 1, []string{"OTHER BITS"}, "bits.json: other bits in 1 row"},
	} {
		stdout, stderr, status := bench(t, dir, append([]string{"compare"}, strings.Fields(c.args)...)...)
		if status != c.status || !strings.Contains(stderr, c.err) || c.err == "" && stderr != "" {
			t.Errorf("%s: status %d, want %d; %q, want %q", c.args, status, c.status, stderr, c.err)
		}
		for _, want := range c.out {
			if want == "0 lines" {
				if n := strings.Count(stdout, "\n"); n != 2 {
					t.Errorf("%s: %d lines", c.args, n)
				}
			} else if !strings.Contains(stdout, want) {
				t.Errorf("%s: %q is missing in\n%.2000s", c.args, want, stdout)
			}
		}
	}

	stdout, _, _ := bench(t, dir, "compare", "-json", "old.json", "slow.json")
	var results []comparison.Result
	if err := json.Unmarshal([]byte(stdout), &results); err != nil || len(results) != 1 ||
		len(results[0].Lines) != len(recordtest.New(1).Rows) {
		t.Errorf("-json: %v, %d results", err, len(results))
	}
	stdout, _, _ = bench(t, dir, "compare", "-csv", "old.json", "slow.json")
	if lines, err := csv.NewReader(strings.NewReader(stdout)).ReadAll(); err != nil ||
		len(lines) != 1+len(recordtest.New(1).Rows) {
		t.Errorf("-csv: %v, %d lines", err, len(lines))
	}

	if err := os.WriteFile(filepath.Join(dir, "damaged.json"), []byte(`{"schema": 1, "rows": [`), 0o644); err != nil {
		t.Fatal(err)
	}
	checkFailures(t, dir, []failure{
		{[]string{"compare"}, 2, "OLD and NEW"},
		{[]string{"compare", "old.json"}, 2, "OLD and NEW"},
		{[]string{"compare", "old.json", "other.json"}, 1,
			"old.json and other.json: the machines differ: CPU Example CPU 9000 and Another CPU, cores 2 and 64"},
		{[]string{"compare", "old.json", "none.json"}, 1, "none.json"},
		{[]string{"compare", "old.json", "olds"}, 1, "1 and 4 records: samples of one process"},
		{[]string{"compare", "old.json,other.json", "old.json,again.json"}, 1, "old.json,other.json is no one side"},
		{[]string{"compare", "old.json", "again.json", "damaged.json"}, 1, "damaged.json: byte"},
		{[]string{"compare", "-threshold", "-1", "old.json", "again.json"}, 2, "want a part as 5% or 0.05"},
		{[]string{"compare", "-threshold", "five", "old.json", "again.json"}, 2, "want a part as 5% or 0.05"},
		{[]string{"compare", "-alpha", "0", "old.json", "again.json"}, 2, "-alpha 0"},
		{[]string{"compare", "-json", "-csv", "old.json", "again.json"}, 2, "exclude"},
		{[]string{"compare", "-nonsense", "old.json", "again.json"}, 2, "-nonsense"},
	})
}
