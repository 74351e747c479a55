package style

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// The colours of each scheme differ from the paper and the cards by the ratio that WCAG asks for, of text: 4.5.
// (Graphics need 3.)
func TestContrast(t *testing.T) {
	schemes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(Sheet, -1)
	if len(schemes) != 2 {
		t.Fatalf("%d schemes", len(schemes))
	}
	for i, s := range schemes {
		colours := map[string]float64{}
		for _, c := range regexp.MustCompile(`--(\w+): #(\w+);`).FindAllStringSubmatch(s[1], -1) {
			colours[c[1]] = luminance(c[2])
		}
		for name, c := range colours {
			if slices.Contains([]string{"paper", "card", "grid"}, name) {
				continue
			}
			for _, behind := range []string{"paper", "card"} {
				b := colours[behind]
				if ratio := (max(c, b) + .05) / (min(c, b) + .05); ratio < 4.5 {
					t.Errorf("scheme %d: %s on %s: contrast %.2f", i, name, behind, ratio)
				}
			}
		}
	}
}

// luminance is the relative luminance of a colour, rgb or rrggbb, as WCAG 2 defines it.
func luminance(hex string) float64 {
	digits := len(hex) / 3
	sum := 0.
	for i, weight := range []float64{.2126, .7152, .0722} {
		v, err := strconv.ParseUint(hex[i*digits:(i+1)*digits], 16, 8)
		if err != nil {
			panic(err)
		}
		c := float64(v) / float64(int(1)<<(4*digits)-1)
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += float64(weight * c)
	}
	return sum
}
