//go:build !cgo || !(linux || darwin || freebsd)

package peers

import "errors"

func libraries() ([]peer[float32], []peer[float64], []error) {
	return nil, nil,
		[]error{errors.New("libraries of C: they want a program built with cgo, on Linux, macOS or FreeBSD")}
}
