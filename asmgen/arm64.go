package main

type arm64File struct{}

func newARM64File() *arm64File                   { return nil }
func arm64Machines(*arm64File) []Machine         { return nil }
func (*arm64File) print() (a, b []byte, e error) { return nil, []byte("package bitstep\n"), nil }
