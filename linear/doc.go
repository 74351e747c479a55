// Package linear will hold the linear classifier, its losses, data and trainer.
package linear
