module github.com/bitstep-go/bitstep

go 1.26.0
