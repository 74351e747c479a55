package record

import (
	"fmt"
	"strconv"
	"strings"
)

// A Key is what a row measures: two rows with the same key can be compared.
type Key struct {
	Group   string `json:"group"`
	Name    string `json:"name"`
	Peer    string `json:"peer,omitempty"`
	Type    string `json:"type,omitempty"`
	Backend string `json:"backend,omitempty"`
	Threads int    `json:"threads"`
	Level   string `json:"level,omitempty"`
	Bytes   int    `json:"bytes,omitempty"`
	N       int    `json:"n,omitempty"`
	Shape   string `json:"shape,omitempty"`
}

// Key returns what the row measures.
func (row Row) Key() Key {
	return Key{row.Group, row.Name, row.Peer, row.Type, row.Backend, row.Threads, row.Level, row.Bytes, row.N,
		row.Shape}
}

// String writes what tells a row from others in words.
func (k Key) String() string {
	words := []string{k.Name, k.Peer, k.Type, k.Backend, k.Level, k.Shape}
	if k.Threads > 1 {
		words = append(words, fmt.Sprintf("%d threads", k.Threads))
	}
	if k.Shape == "" && k.Level == "" && k.N > 0 {
		words = append(words, "N="+strconv.Itoa(k.N))
	} else if k.Group == Ceiling && k.Bytes > 0 {
		words = append(words, strconv.Itoa(k.Bytes)+" bytes")
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}
