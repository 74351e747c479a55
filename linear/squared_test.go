package linear

var _ = addFormula(SquaredError{}, formula{number: func(score, value float64) float64 {
	return (score - value) * (score - value)
}})
