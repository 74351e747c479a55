package problems

// All returns the problems, new each time: one goroutine at a time may use one.
func All() []Problem {
	return []Problem{
		rosenbrock(), freudensteinRoth(), powellBadlyScaled(), brownBadlyScaled(), beale(), jennrichSampson(),
		helicalValley(), bard(), gaussian(), meyer(), gulf(), box3D(), powellSingular("Powell singular", 4), wood(),
		kowalikOsborne(), brownDennis(), osborne1(), biggs(), watson("Watson 6", 6, 2.28767005355e-3),
		watson("Watson 9", 9, 1.39976013e-6), ExtendedRosenbrock(100),
		powellSingular("Extended Powell singular", 40), penaltyI("Penalty I 4", 4, 2.24997750059e-5),
		penaltyI("Penalty I 10", 10, 7.08765146709e-5), penaltyII("Penalty II 4", 4, 9.37629e-6),
		penaltyII("Penalty II 10", 10, 2.93660537e-4), variablyDimensioned(10), trigonometric(10),
		brownAlmostLinear(10), boundaryValue(10), broydenTridiagonal(10), quadratic(20), logistic(),
	}
}
