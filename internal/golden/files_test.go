package golden

import (
	"strings"
	"testing"
)

// No two lines of a file have one hash, as results that are all NaN would, or an option without effect. Only
// the two line searches may take the same way.
func TestHashesDiffer(t *testing.T) {
	for name, text := range hashes {
		seen := map[string]string{}
		for line := range strings.Lines(text) {
			at := strings.LastIndexByte(line, ' ')
			title, hash := strings.Replace(line[:at], " with backtracking", "", 1), line[at:]
			if other, ok := seen[hash]; ok && other != title {
				t.Errorf("%s: %s and %s have the same hash", name, other, title)
			}
			seen[hash] = title
		}
	}
}
