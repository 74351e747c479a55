//go:build race

package bitstep_test

func init() { raceEnabled = true }
