//go:build goexperiment.simd && amd64 && go1.27

package peers

import vector "simd/archsimd"

func load16(s []float32) vector.Float32x16     { return vector.LoadFloat32x16(s) }
func store16(v vector.Float32x16, s []float32) { v.Store(s) }
func load8(s []float32) vector.Float32x8       { return vector.LoadFloat32x8(s) }
func store8(v vector.Float32x8, s []float32)   { v.Store(s) }
