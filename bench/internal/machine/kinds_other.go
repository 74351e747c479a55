//go:build !linux && !darwin

package machine

import "github.com/bitstep-go/bitstep/bench/internal/record"

// kinds of cores are not known.
func kinds() []record.CoreKind { return nil }
