//go:build !purego && !noasm

#include "textflag.h"

// func stack() (lo, hi uintptr)
TEXT ·stack(SB), NOSPLIT, $0-16
	MOVQ (TLS), AX // runtime.g
	MOVQ 0(AX), CX
	MOVQ 8(AX), DX
	MOVQ CX, lo+0(FP)
	MOVQ DX, hi+8(FP)
	RET
