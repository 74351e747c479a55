//go:build race

package linear

func init() { raceEnabled = true }
