//go:build !purego && !noasm

package bitstep

import "github.com/klauspost/cpuid/v2"

// The features that the generated code needs. cpuid reports those whose registers the operating system
// saves. A test of asmgen reads these lists and holds every generated function to them.
var (
	needAVX2   = []cpuid.FeatureID{cpuid.AVX, cpuid.AVX2, cpuid.FMA3}
	needAVX512 = append([]cpuid.FeatureID{cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.AVX512VL}, needAVX2...)
)

// detect lists the assembly backends that the machine can run, the fastest last.
func detect() (found []Backend) {
	if cpuid.CPU.Supports(needAVX2...) {
		found = append(found, AVX2)
	}
	if cpuid.CPU.Supports(needAVX512...) {
		found = append(found, AVX512)
	}
	return found
}
