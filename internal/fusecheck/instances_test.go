package fusecheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// instantiate returns a flag for go build that adds a file to the package in the folder dir. The file names every
// exported generic function and method of packages with the arguments float32 and float64, since the compiler
// makes code of what is instantiated only. Nothing is written but temporary files.
func instantiate(t *testing.T, dir, name string, packages ...string) (overlay string) {
	t.Helper()
	export := map[string]string{}
	args := append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}, packages...)
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		export[path] = file
	}
	from := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(export[path])
	})
	var text, all bytes.Buffer
	fmt.Fprintf(&text, "package %s\n\n", name)
	for i, path := range packages {
		p, err := from.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		alias, before := fmt.Sprintf("p%d", i), all.Len()
		for _, name := range p.Scope().Names() {
			object := p.Scope().Lookup(name)
			params, methods := generic(object)
			if params.Len() == 0 || !object.Exported() {
				continue
			}
			for _, element := range []types.BasicKind{types.Float32, types.Float64} {
				arguments := make([]string, params.Len())
				for j := range arguments {
					arguments[j] = argument(t, object, params.At(j), element, alias)
				}
				instance := alias + "." + name + "[" + strings.Join(arguments, ", ") + "]"
				if _, ok := object.(*types.Func); ok {
					fmt.Fprintf(&all, "\t%s,\n", instance)
				}
				for _, method := range methods {
					fmt.Fprintf(&all, "\t(*%s).%s,\n", instance, method)
				}
			}
		}
		if all.Len() > before {
			fmt.Fprintf(&text, "import %s %q\n", alias, path)
		}
	}
	fmt.Fprintf(&text, "\n// Instances keeps the compiler from dropping them.\nvar Instances = []any{\n%s}\n", &all)
	temp := t.TempDir()
	file := filepath.Join(temp, "instances.go")
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(dir, "instances.go"): file}})
	if err == nil {
		err = os.WriteFile(file, text.Bytes(), 0o644)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(temp, "overlay.json"), list, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return "-overlay=" + filepath.Join(temp, "overlay.json")
}

// generic returns the parameters of a function or of a type, and the type's exported methods.
func generic(object types.Object) (params *types.TypeParamList, methods []string) {
	if f, ok := object.(*types.Func); ok {
		return f.Signature().TypeParams(), nil
	}
	named, ok := object.Type().(*types.Named)
	if _, name := object.(*types.TypeName); !ok || !name || types.IsInterface(named) {
		return nil, nil
	}
	all := types.NewMethodSet(types.NewPointer(named))
	for i := range all.Len() {
		if m := all.At(i).Obj(); m.Exported() {
			methods = append(methods, m.Name())
		}
	}
	return named.TypeParams(), methods
}

// argument returns the element type where a parameter admits it, and otherwise something that it does: of a
// constraint with methods the constraint itself, which alias qualifies.
func argument(t *testing.T, o types.Object, p *types.TypeParam, element types.BasicKind, alias string) string {
	t.Helper()
	constraint := p.Constraint().Underlying().(*types.Interface)
	for _, kind := range []types.BasicKind{element, types.Int, types.Uint8, types.Uint16, types.String} {
		if types.Satisfies(types.Typ[kind], constraint) {
			return types.Typ[kind].Name()
		}
	}
	if named, ok := p.Constraint().(*types.Named); ok && constraint.IsMethodSet() && named.Obj().Pkg() == o.Pkg() {
		return alias + "." + named.Obj().Name()
	}
	t.Fatalf("%v: no argument known for %v: add one here", o, p)
	return ""
}
