// Package record is what bench finds out about a machine: what it writes, reads, compares and draws. docs/bench.md
// describes the fields for those who read them with other programs.
package record

import "time"

// Schema is the version of the JSON form. It changes when a field changes its meaning or goes; new fields may come.
const Schema = 1

// A Record is one run of bench on one machine.
type Record struct {
	Schema       int           `json:"schema"`
	Program      Program       `json:"program"`
	Command      []string      `json:"command"` // the arguments that it was run with
	Started      time.Time     `json:"started"`
	Seconds      float64       `json:"seconds"`
	Complete     bool          `json:"complete"` // false if the run was interrupted: rows may be missing
	Machine      Machine       `json:"machine"`
	Notices      []string      `json:"notices"` // what makes figures doubtful: a busy machine, a moving clock, ...
	Verification *Verification `json:"verification,omitempty"`
	Rows         []Row         `json:"rows"`
}

// A Program is what measured.
type Program struct {
	Version  string `json:"version"`            // of the module bitstep, (devel) in a clone
	Revision string `json:"revision,omitempty"` // of its repository, if known
	Modified bool   `json:"modified,omitempty"` // the clone had changes
	Go       string `json:"go"`
}

// A Machine is what the measurements depend on.
type Machine struct {
	CPU        string     `json:"cpu"`
	Vendor     string     `json:"vendor,omitempty"`
	Family     int        `json:"family,omitempty"` // as cpuid or the kernel gives it
	Model      int        `json:"model,omitempty"`
	OS         string     `json:"os"`
	Arch       string     `json:"arch"`
	Cores      int        `json:"cores"`                // that the program may use
	Threads    int        `json:"threads"`              // GOMAXPROCS
	Features   []string   `json:"features"`             // that matter to the kernels
	L1         int        `json:"l1"`                   // bytes of data caches
	L2         int        `json:"l2"`                   //
	L3         int        `json:"l3"`                   //
	Assumed    bool       `json:"assumed"`              // some of the caches' sizes
	Hypervisor string     `json:"hypervisor"`           // its name, or empty
	HugePages  string     `json:"huge_pages"`           // always, madvise, never, or why unknown
	Governor   string     `json:"governor"`             // of the clock, or why unknown
	Pinning    string     `json:"pinning"`              // "available", or why not
	PinnedCPU  *int       `json:"pinned_cpu,omitempty"` // its number, for what runs on one thread
	CoreKinds  []CoreKind `json:"core_kinds,omitempty"` // if there are several, and the system tells
	Counters   string     `json:"counters"`             // "available", or why not
	Backends   []string   `json:"backends"`
	Active     string     `json:"active"`
}

// A CoreKind is the CPUs, that the program may use, of one kind of core.
type CoreKind struct {
	Kind  string `json:"kind"` // Performance or Efficiency
	Count int    `json:"count"`
	CPUs  []int  `json:"cpus,omitempty"` // their numbers, where the system has any
}

// Kinds of cores: the fastest of a machine, and all others.
const (
	Performance = "performance"
	Efficiency  = "efficiency"
)

// A Verification is what bench verify found.
type Verification struct {
	OK     bool   `json:"ok"`
	Chosen string `json:"chosen,omitempty"` // which kernels and types: their digests are others than those of all
	// SHA-256 of all results, the same on every machine: of the default parts, and of the exhaustive ones. Empty if
	// there were none, or not all of them were finished.
	Digest     string    `json:"digest"`
	LongDigest string    `json:"long_digest,omitempty"`
	Calls      int       `json:"calls"` // of all backends together
	Backends   []string  `json:"backends"`
	Parts      []Part    `json:"parts"`
	Mismatch   *Mismatch `json:"mismatch,omitempty"`
}

// A Part of a verification: a kernel in a type on all backends that it covers, or a golden file on one of them.
type Part struct {
	What       string   `json:"what"`
	Backend    string   `json:"backend"`               // or several, with commas
	NotCovered []string `json:"not_covered,omitempty"` // backends that lack what is verified
	Calls      int      `json:"calls"`                 // of each backend
	Digest     string   `json:"digest"`
}

// A Mismatch is the first element that is not what it has to be.
type Mismatch struct {
	Kernel  string   `json:"kernel"`
	Type    string   `json:"type"`
	Backend string   `json:"backend"`
	Length  int      `json:"length"`
	Operand string   `json:"operand"`
	Index   int      `json:"index"`  // of the element
	Inputs  []string `json:"inputs"` // of that element, as name=value (bits), and the coefficients
	Want    string   `json:"want"`   // value and bits
	Got     string   `json:"got"`
	Seed    string   `json:"seed,omitempty"` // of a random call, which makes it again
	Case    string   `json:"case,omitempty"` // which call it was, with its arguments that are no elements
}

// A Row is one measurement. Fields that do not apply to it are zero and left out.
type Row struct {
	Group   string `json:"group"` // Ceiling, Kernel, Product, Training or Peer
	Name    string `json:"name"`  // of a kernel as in the table; of a product, a ceiling, a training
	Peer    string `json:"peer,omitempty"`
	Type    string `json:"type,omitempty"`    // float32 or float64
	Backend string `json:"backend,omitempty"` // whose code ran
	Threads int    `json:"threads"`
	Level   string `json:"level,omitempty"` // L1, L2, L3 or DRAM, where the working set lies
	Bytes   int    `json:"bytes,omitempty"` // of the working set
	N       int    `json:"n,omitempty"`     // elements; of a product, its N
	Shape   string `json:"shape,omitempty"` // of a product: MxNxK

	Samples []float64 `json:"samples"` // nanoseconds of one call
	Median  float64   `json:"median"`  // of the samples
	Spread  float64   `json:"spread"`  // the middle half of the samples over their median

	NsPerElement    float64 `json:"ns_per_element,omitempty"`
	BytesPerElement float64 `json:"bytes_per_element,omitempty"`
	GBs             float64 `json:"gb_s,omitempty"`
	GFLOPs          float64 `json:"gflop_s,omitempty"`
	ImagesPerSecond float64 `json:"images_per_second,omitempty"`
	FLOPs           float64 `json:"flops_per_element,omitempty"` // fma counts two

	Ceiling  string    `json:"ceiling,omitempty"` // the name of the ceiling that was measured in turns with the row
	Share    float64   `json:"share,omitempty"`   // of that ceiling: 1 is all of it; the median of
	Shares   []float64 `json:"shares,omitempty"`  // those of each sample and its neighbour of the ceiling
	Unstable bool      `json:"unstable,omitempty"`
	VersusGo float64   `json:"versus_go,omitempty"` // how many times as fast as pure Go
	Scaling  float64   `json:"scaling,omitempty"`   // how many times as fast as one thread

	Hash     string             `json:"hash,omitempty"` // SHA-256 of the results
	Checked  bool               `json:"checked"`        // the hash is that of the definition
	Counters map[string]float64 `json:"counters,omitempty"`
}

// Groups of rows.
const (
	Ceiling  = "ceiling"
	Kernel   = "kernel"
	Product  = "product"
	Training = "training"
	Peer     = "peer"
)

// Groups are all of them.
var Groups = []string{Ceiling, Kernel, Product, Training, Peer}
