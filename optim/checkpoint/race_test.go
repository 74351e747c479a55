//go:build race

package checkpoint

func init() { raceEnabled = true }
