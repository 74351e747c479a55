package record

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"
)

func example() Record {
	return Record{Schema: Schema, Program: Program{Version: "v1.2.3", Go: "go1.26"},
		Command: []string{"-quick"}, Complete: true,
		Machine: Machine{CPU: "A CPU", OS: "linux", Arch: "amd64"}, Notices: []string{"busy"},
		Rows: []Row{
			{Group: Kernel, Name: "Adam", Type: "float32", Backend: "avx2", Threads: 2, Level: "L1", Bytes: 4096,
				N: 256, Samples: []float64{10, 20, 30}, Median: 20, Spread: 1, GBs: 3,
				Counters: map[string]float64{"b": 2, "a": 1}},
			{Group: Ceiling, Name: "page fault", Threads: 1, Samples: []float64{.5}, Median: .5}}}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := example().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	got, err := Decode("x.json", b.Bytes())
	if err != nil || !reflect.DeepEqual(got, example()) {
		t.Errorf("%v, %+v", err, got)
	}
	later := strings.Replace(b.String(), `"group"`, `"of_tomorrow": {"a": [1]}, "group"`, 1)
	if got, err := Decode("x.json", []byte(later)); err != nil || !reflect.DeepEqual(got, example()) {
		t.Errorf("with an unknown field: %v, %+v", err, got)
	}
}

// An error names the file, the byte and the field.
func TestDamaged(t *testing.T) {
	var b bytes.Buffer
	if err := example().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	whole := b.String()
	for _, c := range []struct {
		from, to string // what is replaced
		at       string // what the offset points at, in the damaged text; empty: not asked
		want     string
	}{
		{`"schema": 1`, `"schema": 2`, "2", "schema 2 is newer than this program, which knows 1"},
		{`"schema": 1`, `"schema": 0`, "0", "schema is 0"},
		{`"schema": 1,`, ``, "{", "not a record of bench: schema is missing"},
		{`"schema": 1`, `"schema": "1"`, "", "not a record of bench: schema is of type string"},
		{`"median": 20`, `"median": -20`, "-20", "rows[0].median is -20, want a positive number"},
		{`"median": 20`, `"median": 31`, "31", "rows[0].median is 31, outside the samples"},
		{`"median": 20`, `"median": "20"`, "", "median cannot be string"},
		{`"group": "ceiling"`, `"group": "floor"`, `"floor"`, `rows[1].group is "floor", want one of ceiling, kernel`},
		{`"cpu": "A CPU"`, `"cpu": ""`, `""`, "machine.cpu is missing or empty"},
		{"\"cpu\": \"A CPU\",\n\t\t", "", "{\n\t\t\"os\"", "machine.cpu is missing or empty"},
		{"20,\n", "0,\n", "0,\n", "rows[0].samples[1] is 0, want a positive number"},
		{`"threads": 2`, `"threads": 0`, "0", "rows[0].threads is 0, want at least 1"},
		{`"gb_s": 3`, `"gb_s": -3`, "-3", "rows[0].gb_s is -3, want no negative number"},
		{`"rows": [`, `"rows": [[`, "", "not a record of bench: invalid character"},
	} {
		text := strings.Replace(whole, c.from, c.to, 1)
		if text == whole {
			t.Fatalf("no %s in\n%s", c.from, whole)
		}
		_, err := Decode("dir/x.json", []byte(text))
		var offset int
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", c.to, err, c.want)
		} else if _, e := fmt.Sscanf(err.Error(), "dir/x.json: byte %d: ", &offset); e != nil {
			t.Errorf("%s: error %v", c.to, err)
		} else if c.at != "" && !strings.HasPrefix(text[offset:], c.at) {
			t.Errorf("%s: error %v, there is %q", c.to, err, text[offset:][:10])
		}
	}
	for n := range len(whole) - 1 { // all but the last newline
		if _, err := Decode("x.json", []byte(whole[:n])); err == nil {
			t.Fatalf("%d of %d bytes pass", n, len(whole))
		}
	}
	if _, err := Decode("x.json", []byte(whole+"{}")); err == nil {
		t.Error("what stands behind a record passes")
	}
}

func TestWriteFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.json")
	for _, c := range []struct {
		name    string
		replace bool
		want    string
	}{{name, false, ""}, {name, false, "exists"}, {name, true, ""}, {filepath.Dir(name), true, "not a regular file"},
		{filepath.Join(filepath.Dir(name), "none", "x"), true, "cannot be written"}} {
		err := WriteFile(c.name, c.replace, example().WriteJSON)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, %v: error %v, want %q", c.name, c.replace, err, c.want)
		}
	}
	if got, err := ReadFile(name); err != nil || !reflect.DeepEqual(got, example()) {
		t.Errorf("%v, %+v", err, got)
	}
	if all, err := os.ReadDir(filepath.Dir(name)); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}

// What benchstat reads is what was measured.
func TestGo(t *testing.T) {
	var b bytes.Buffer
	if err := example().WriteGo(&b); err != nil {
		t.Fatal(err)
	}
	var got []string
	in := benchfmt.NewReader(&b, "x")
	for in.Scan() {
		r, ok := in.Result().(*benchfmt.Result)
		if !ok {
			t.Fatalf("%v", in.Result())
		}
		line := string(r.Name) + " " + r.GetConfig("cpu") + " " + r.GetConfig("bitstep")
		for _, v := range r.Values {
			unit, x := v.Unit, v.Value
			if v.OrigUnit != "" {
				unit, x = v.OrigUnit, v.OrigValue
			}
			line += fmt.Sprintf(" %v %s", x, unit)
		}
		got = append(got, line)
	}
	adam := "Kernel/name=Adam/type=float32/backend=avx2/level=L1/bytes=4096/n=256-2 A CPU v1.2.3 "
	want := []string{adam + "10 ns/op 6 GB/s", adam + "20 ns/op 3 GB/s", adam + "30 ns/op 2 GB/s",
		"Ceiling/name=page_fault-1 A CPU v1.2.3 0.5 ns/op"}
	if in.Err() != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\ngot  %q\nwant %q", in.Err(), got, want)
	}
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	if err := example().WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %q", err, all)
	}
	got := map[string]string{}
	for i, name := range all[0] {
		got[name] = all[1][i] + "|" + all[2][i]
	}
	for name, want := range map[string]string{"group": "kernel|ceiling", "name": "Adam|page fault", "gb_s": "3|",
		"samples": "10 20 30|0.5", "counters": "a=1 b=2|", "checked": "false|false", "threads": "2|1"} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

// The documentation names every field.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/bench.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
	var check func(reflect.Type)
	check = func(s reflect.Type) {
		for s.Kind() == reflect.Slice || s.Kind() == reflect.Pointer {
			s = s.Elem()
		}
		if s.Kind() != reflect.Struct || seen[s] || s == reflect.TypeFor[time.Time]() {
			return
		}
		seen[s] = true
		for i := range s.NumField() {
			name, _, _ := strings.Cut(s.Field(i).Tag.Get("json"), ",")
			if name == "" || !bytes.Contains(text, []byte("`"+name+"`")) {
				t.Errorf("%v.%s: docs/bench.md has no `%s`", s, s.Field(i).Name, name)
			}
			check(s.Field(i).Type)
		}
	}
	check(reflect.TypeFor[Record]())
	if len(seen) < 6 {
		t.Errorf("%d structs", len(seen))
	}
}
