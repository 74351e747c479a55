// Package snippets holds the documents to what they show: all code in them is run, or is what a file has that is run.
//
// A fenced block of code has its mark in the line before, a comment of HTML, which readers do not see:
//
//	<!-- completed by NAME.go -->      Go: runs in testdata/NAME.go, in the place of the line "// snippet"
//	<!-- from FILE -->                 these lines are in the file, which tests or commands run; indentation apart
//	<!-- run by FILE -->               sh: the script has a line with the words of each line, in this order
//	<!-- in a clone -->                sh: runs in a copy of the repository
//	<!-- in a module with NAME.go -->  sh: runs in a new module with bitstep, with testdata/NAME.go as program NAME
//	<!-- fails in a clone -->          sh: runs, and exits with another status than 0, with the output that is shown
//	<!-- not run: REASON -->           for what cannot be run here
//
// A Go program that begins with its package clause needs none. In all Go a line of three dots stands for what is left
// out. A block "text output" after one that runs is what it prints; where a line has three dots, anything is there.
// Blocks "text" and "mermaid" are no code. Commands that text has in backquotes are read, but not run: their packages
// are there, and tests that they select.
//
// Go programs of bitstep alone are always run; others, and commands, where BITSTEP_SNIPPETS is set, as in .ci/run.
package snippets
