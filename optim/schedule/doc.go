// Package schedule changes learning rates from step to step.
//
//	cosine, err := schedule.Cosine(10_000, 0)
//	if err != nil {
//		log.Fatal(err)
//	}
//	s, err := schedule.Warmup(500, 0, cosine) // 500 steps up, then half a cosine down to 0 at step 10,000
//	if err != nil {
//		log.Fatal(err)
//	}
//	opt.SetSchedule(s)
//
// A [Schedule] is a factor on the learning rate, a function of the number of steps taken: [MultiStep], [Cosine],
// [Linear], [InverseSqrt] and others; [Warmup], [Sequential], [Chained] and [PerEpoch] make schedules of
// schedules, and [Parse] reads one from a command line. [Plateau] follows the loss instead.
//
// Each schedule names its counterpart in torch.optim.lr_scheduler, and says what differs; a test compares their
// rates.
package schedule
