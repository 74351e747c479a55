//go:build race

package bitstep_test

import "github.com/bitstep-go/bitstep"

func init() { raceEnabled, bitstep.RaceEnabled = true, true }
