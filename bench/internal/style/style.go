// Package style has what the pages of bench look like.
package style

import _ "embed"

// Sheet is their style sheet. Colours are variables: a set for light and one for dark screens.
//
//go:embed style.css
var Sheet string
