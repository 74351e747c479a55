//go:build goexperiment.simd && amd64 && !go1.27

package peers

import vector "simd/archsimd"

// Go 1.27 has other names for loads and stores of slices.

func load16(s []float32) vector.Float32x16     { return vector.LoadFloat32x16Slice(s) }
func store16(v vector.Float32x16, s []float32) { v.StoreSlice(s) }
func load8(s []float32) vector.Float32x8       { return vector.LoadFloat32x8Slice(s) }
func store8(v vector.Float32x8, s []float32)   { v.StoreSlice(s) }
