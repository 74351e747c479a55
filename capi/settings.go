package main

// #include "border.h"
import "C"

import (
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/bitstep-go/bitstep"
)

// Settings of the process.

type settingCall = C.struct_bitstep_setting

// settings are what calls run with.
type settings struct {
	backend bitstep.Backend
	threads int // 0: GOMAXPROCS
	pool    *bitstep.Pool
}

var (
	current  atomic.Pointer[settings]
	changing sync.Mutex // held by who changes them
)

// inherited tells that the first thread of Go's runtime, from which all others descend, has another floating-point mode
// than the default, that of a program which loaded the library so and whose linker let border.c come too late. Calls
// then stay on their threads, whose mode is set aside.
var inherited bool

func init() {
	inherited = C.bitstep_mode_is_default() == 0
	current.Store(&settings{backend: bitstep.Active()})
}

// engine returns what calls run on.
func engine[T bitstep.Float]() bitstep.Engine[T] {
	s := current.Load()
	e := bitstep.On[T](s.backend)
	if inherited {
		return e.Threads(1)
	}
	return e.Threads(s.threads).Pool(s.pool)
}

// change replaces the settings by what f makes of them.
func change(f func(*settings)) {
	changing.Lock()
	defer changing.Unlock()
	s := *current.Load()
	f(&s)
	current.Store(&s)
}

// mostThreads is the most that a caller can ask for; more is taken for a mistake.
const mostThreads = 4096

func checkThreads(n C.size_t) *mistake {
	if n > mostThreads {
		return mistakef(C.BITSTEP_VALUE, "threads = %d, want at most %d", n, mostThreads)
	}
	return nil
}

var version, backendNames = cStrings()

// cStrings makes what C is given of strings, for ever.
func cStrings() (version *C.char, backends []*C.char) {
	room := C.bitstep_strings[:]
	put := func(s string) *C.char {
		for i := range len(s) {
			room[i] = C.char(s[i])
		}
		start := &room[0]
		room = room[len(s)+1:]
		return start
	}
	text := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		text = info.Main.Version
	}
	for _, b := range bitstep.Backends() {
		backends = append(backends, put(b.String()))
	}
	return put(text), backends
}

//export bitstepGoSetting
func bitstepGoSetting(c *settingCall) (code C.int) {
	function := func() string {
		return map[uint32]string{C.BITSTEP_VERSION: "bitstep_version", C.BITSTEP_BACKEND_COUNT: "bitstep_backend_count",
			C.BITSTEP_BACKEND_NAME: "bitstep_backend_name", C.BITSTEP_BACKEND: "bitstep_backend",
			C.BITSTEP_SET_BACKEND: "bitstep_set_backend", C.BITSTEP_THREADS: "bitstep_threads",
			C.BITSTEP_SET_THREADS: "bitstep_set_threads", C.BITSTEP_SET_POOL: "bitstep_set_pool"}[uint32(c.function)]
	}
	defer recovered(c.message, function, &code)
	if m := set(c); m != nil {
		return report(c.message, function(), m)
	}
	return C.BITSTEP_OK
}

func set(c *settingCall) *mistake {
	switch c.function {
	case C.BITSTEP_VERSION:
		c.text = version
	case C.BITSTEP_BACKEND_COUNT:
		c.number = C.size_t(len(backendNames))
	case C.BITSTEP_BACKEND_NAME:
		if c.text = nil; c.number < C.size_t(len(backendNames)) {
			c.text = backendNames[c.number]
		}
	case C.BITSTEP_BACKEND:
		for i, b := range bitstep.Backends() {
			if b == current.Load().backend {
				c.text = backendNames[i]
			}
		}
	case C.BITSTEP_SET_BACKEND:
		b, m := backendOf(c.text)
		if m != nil {
			return m
		}
		change(func(s *settings) { s.backend = b })
	case C.BITSTEP_THREADS:
		c.number = C.size_t(threads())
	case C.BITSTEP_SET_THREADS:
		if m := checkThreads(c.number); m != nil {
			return m
		}
		change(func(s *settings) { s.threads = int(c.number) })
	case C.BITSTEP_SET_POOL:
		if m := checkThreads(c.number); m != nil {
			return m
		}
		var pool, before *bitstep.Pool
		if c.number > 0 {
			pool = bitstep.NewPool(int(c.number))
		}
		change(func(s *settings) { before, s.pool = s.pool, pool })
		if before != nil {
			before.Close() // calls that have it go on without
		}
	}
	return nil
}

// threads is how many a call may have.
func threads() int {
	s := current.Load()
	switch {
	case inherited:
		return 1
	case s.threads == 0:
		return runtime.GOMAXPROCS(0)
	}
	return s.threads
}

// backendOf returns the backend of that name, or that of the start for a null pointer.
func backendOf(name *C.char) (bitstep.Backend, *mistake) {
	if name == nil {
		return bitstep.Active(), nil
	}
	const longest = 64 // of a name, so that no text without an end is read for long
	var text []byte
	for i := range longest {
		b := *(*byte)(unsafe.Add(unsafe.Pointer(name), i))
		if b == 0 {
			break
		}
		text = append(text, b)
	}
	var names []string
	for _, b := range bitstep.Backends() {
		if b.String() == string(text) {
			return b, nil
		}
		names = append(names, b.String())
	}
	return bitstep.Go, mistakef(C.BITSTEP_VALUE, "name = %q, want one of %s that this machine and build can run", text,
		strings.Join(names, ", "))
}
