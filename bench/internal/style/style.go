// Package style has what the pages of bench have in common: how they look, and their heads.
package style

import (
	_ "embed"
	"html"
	"strings"
)

// Sheet is their style sheet. Colours are variables: a set for light and one for dark screens.
//
//go:embed style.css
var Sheet string

// Head is the text of a page before its body. Its policy forbids every request; more are directives beside it. Sheets
// follow [Sheet].
func Head(title string, more []string, sheets ...string) string {
	policy := append([]string{"default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "base-uri 'none'",
		"form-action 'none'"}, more...)
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="` + strings.Join(policy, "; ") + `">
<link rel="icon" href="data:,">
<title>` + html.EscapeString(title) + `</title>
<style>` + Sheet + strings.Join(sheets, "") + `</style>
</head>
`
}
