//go:build race

package optim_test

func init() { raceEnabled = true }
