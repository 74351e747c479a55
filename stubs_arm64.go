package bitstep
