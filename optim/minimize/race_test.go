//go:build race

package minimize_test

func init() { raceEnabled = true }
