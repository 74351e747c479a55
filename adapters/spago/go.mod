module github.com/bitstep-go/bitstep/adapters/spago

go 1.26.0

replace github.com/bitstep-go/bitstep => ../..

require (
	github.com/bitstep-go/bitstep v0.0.0
	github.com/nlpodyssey/spago v1.1.0
)

require (
	github.com/google/flatbuffers v23.5.26+incompatible // indirect
	github.com/klauspost/cpuid/v2 v2.4.2 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
