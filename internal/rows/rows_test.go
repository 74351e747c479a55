package rows

import (
	"reflect"
	"testing"

	"github.com/bitstep-go/bitstep/internal/program"
	"github.com/bitstep-go/bitstep/kernels"
	"github.com/bitstep-go/bitstep/kernels/table"
)

// Assembly reads scalar i of a step at i*size, then the Prelude's scalars, then its use.
func TestCoefLayout(t *testing.T) {
	testCoefLayout[float32](t, 4)
	testCoefLayout[float64](t, 8)
}

func testCoefLayout[T kernels.Float](t *testing.T, size uintptr) {
	_, prelude := program.Prelude()
	for _, row := range table.Rows {
		if row.Kind != table.Step {
			continue
		}
		typ, scalars := reflect.TypeOf(NewCoef[T](row)).Elem(), program.Must(row).Scalars
		var fields []string
		for _, s := range append(append([]program.ScalarDef(nil), scalars...), prelude...) {
			fields = append(fields, s.Field())
		}
		for i, name := range append(fields, "Use") {
			f, ok := typ.FieldByName(name)
			if !ok {
				t.Errorf("%v has no field %s", typ, name)
				continue
			}
			offset := f.Offset
			if len(f.Index) > 1 { // in the embedded Prelude
				offset += typ.Field(f.Index[0]).Offset
			}
			if offset != uintptr(i)*size {
				t.Errorf("%v: %s is at %d, want %d", typ, name, offset, uintptr(i)*size)
			}
		}
		if typ.NumField() != len(scalars)+1 {
			t.Errorf("%v has %d fields, want its %d scalars and the Prelude", typ, typ.NumField(), len(scalars))
		}
	}
	if f, _ := reflect.TypeFor[kernels.Prelude[T]]().FieldByName("Use"); f.Type.Size() != 4 {
		t.Errorf("Use has %d bytes, want 4", f.Type.Size())
	}
}

// What is made of hyperparameters is what the constructors make, in every scalar.
func TestCoef(t *testing.T) {
	h := map[string]float64{"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "a": 2, "b": 3}
	p := kernels.Prelude[float32]{}.Scaled(3)
	for _, row := range table.Rows {
		switch row.Name {
		case "Adam":
			want := kernels.NewAdam[float32](kernels.AdamHyper{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}, 7)
			want.Prelude = p
			if got := Coef(row, h, 7, p); !reflect.DeepEqual(got, &want) {
				t.Errorf("%s: %+v, want %+v", row.Name, got, want)
			}
		case "Axpby":
			if got := Coef(row, h, 1, p); !reflect.DeepEqual(got, &[2]float32{2, 3}) {
				t.Errorf("%s: %+v, want 2, 3", row.Name, got)
			}
		}
	}
}
