module github.com/bitstep-go/bitstep/adapters/gonum

go 1.26.0

require (
	github.com/bitstep-go/bitstep v0.0.0
	gonum.org/v1/gonum v0.17.0
)

require (
	github.com/klauspost/cpuid/v2 v2.4.2 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/bitstep-go/bitstep => ../..
