package rows

import (
	"fmt"
	"unsafe"

	"github.com/bitstep-go/bitstep"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// A converter is the functions of table.Conversions.
type converter struct {
	toBFloat16   func(dst []kernels.BFloat16, src []float32, r kernels.Rounding)
	fromBFloat16 func(dst []float32, src []kernels.BFloat16)
	toFloat16    func(dst []kernels.Float16, src []float32)
	fromFloat16  func(dst []float32, src []kernels.Float16)
	encodeBlocks func(dst kernels.Blocks8, src []float32, signed bool, r kernels.Rounding)
	decodeBlocks func(dst []float32, src kernels.Blocks8, signed bool)
}

func (c converter) run(of table.Conversion, op []kernels.Stored, r kernels.Rounding) {
	dst, src := op[0], op[1]
	switch of.Function {
	case "ToBFloat16":
		c.toBFloat16(dst.BFloat16, src.Float32, r)
	case "FromBFloat16":
		c.fromBFloat16(dst.Float32, src.BFloat16)
	case "ToFloat16":
		c.toFloat16(float16s(dst.BFloat16), src.Float32)
	case "FromFloat16":
		c.fromFloat16(dst.Float32, float16s(src.BFloat16))
	case "EncodeBlocks":
		c.encodeBlocks(dst.Block8, src.Float32, !of.Operands[0].NonNegative, r)
	case "DecodeBlocks":
		c.decodeBlocks(dst.Float32, src.Block8, !of.Operands[1].NonNegative)
	default:
		panic(fmt.Sprintf("rows: no conversion %q", of.Function))
	}
}

// float16s is what NewStored makes for a Float16.
func float16s(s []kernels.BFloat16) []kernels.Float16 {
	return unsafe.Slice((*kernels.Float16)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

// Convert runs the public method of a conversion on operands of NewStored.
func Convert(e bitstep.Narrow, c table.Conversion, op []kernels.Stored, r kernels.Rounding) {
	converter{e.ToBFloat16, e.FromBFloat16, e.ToFloat16, e.FromFloat16, e.EncodeBlocks, e.DecodeBlocks}.run(c, op, r)
}

// DefineConversion runs the definition of a conversion.
func DefineConversion(c table.Conversion, op []kernels.Stored, r kernels.Rounding) {
	converter{kernels.ToBFloat16, kernels.FromBFloat16, kernels.ToFloat16, kernels.FromFloat16, kernels.EncodeBlocks,
		kernels.DecodeBlocks}.run(c, op, r)
}
