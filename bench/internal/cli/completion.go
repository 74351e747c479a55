package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/posener/complete/v2"
	"github.com/posener/complete/v2/predict"
)

// scripts make a shell ask the program how a line could go on: it gets the line as bash passes it, in COMP_LINE and
// COMP_POINT. %[1]s is the program's file, %[2]s what is typed for it.
var scripts = map[string]string{
	"bash": "complete -o default -o filenames -C %[1]s %[2]s\n",
	"zsh":  "autoload -U +X bashcompinit && bashcompinit\ncomplete -o default -o filenames -C %[1]s %[2]s\n",
	"fish": `function __complete_bitstep
    set -lx COMP_LINE (commandline -cp)
    set -lx COMP_POINT (string length -- "$COMP_LINE")
    %[1]s
end
complete -c %[2]s -f -a '(__complete_bitstep)'
`,
}

var shells = []string{"bash", "zsh", "fish"}

var completionCommand = command{
	name:    "completion",
	summary: "print what makes a shell complete commands, flags and their values",
	args:    strings.Join(shells, "|"),
	words:   predict.Set(shells),
	about: `Prints a script for a shell, which then completes commands, flags, the values of flags that have names, and
names of files of this program, if it is installed as a command.`,
	example: `  eval "$(bitstep-bench completion bash)"    # in ~/.bashrc
  eval "$(bitstep-bench completion zsh)"     # in ~/.zshrc
  bitstep-bench completion fish >~/.config/fish/completions/bitstep-bench.fish`,
	register: func(*flag.FlagSet) runner {
		return func(_ context.Context, w io.Writer, args []string) error {
			if len(args) != 1 || scripts[args[0]] == "" {
				return usageError{fmt.Errorf("want a shell: %s", either(shells))}
			}
			file, err := os.Executable()
			if err != nil {
				return err
			}
			fmt.Fprintf(w, scripts[args[0]], quote(file), quote(filepath.Base(os.Args[0])))
			return nil
		}
	},
}

// completed answers a shell that asks how a line could go on, and reports whether one did. The flags and files that it
// tells are those of the commands.
func completed(line, point string) bool {
	end, err := strconv.Atoi(point)
	if line == "" || err != nil || end < 0 || end > len(line) {
		return false
	}
	all := commands()
	root := all[0].completions()
	names := []string{"help"}
	for _, c := range all[1:] {
		names = append(names, c.name)
	}
	root.Args = predict.Set(names)
	words := strings.Fields(line[:end])
	if len(words) > 2 || len(words) == 2 && strings.HasSuffix(line[:end], " ") {
		if words[1] == "help" {
			root = &complete.Command{Sub: map[string]*complete.Command{"help": {Args: predict.Set(names[1:])}}}
		} else if i := slices.IndexFunc(all[1:], func(c command) bool { return c.name == words[1] }); i >= 0 {
			root = &complete.Command{Sub: map[string]*complete.Command{words[1]: all[1+i].completions()}}
		}
	}
	root.Complete(words[0]) // prints, and exits with 0
	return true
}

// A suggested is a flag whose values a shell can be told.
type suggested struct {
	flag.Value
	values []string
	list   bool // it takes several, with commas between
}

// String is called for none, too, by package flag.
func (s suggested) String() string {
	if s.Value == nil {
		return ""
	}
	return s.Value.String()
}

// Predict returns what begins with the last of the names that were typed.
func (s suggested) Predict(prefix string) (all []string) {
	before := ""
	if s.list {
		before = prefix[:strings.LastIndexByte(prefix, ',')+1]
	}
	for _, v := range s.values {
		all = append(all, before+v)
	}
	return all
}

// suggest tells shells the values of a flag that is declared.
func suggest(set *flag.FlagSet, name string, values []string) {
	f := set.Lookup(name)
	f.Value = suggested{f.Value, values, false}
}

// suggestList tells shells the values of a flag that takes several.
func suggestList(set *flag.FlagSet, name string, values []string) {
	f := set.Lookup(name)
	f.Value = suggested{f.Value, values, true}
}

// completions are the flags of a command, by what they take: nothing, one of some values, a file, or something else.
func (c command) completions() *complete.Command {
	set, _ := c.flags()
	all := &complete.Command{Flags: map[string]complete.Predictor{}, Args: c.words}
	set.VisitAll(func(f *flag.Flag) {
		var p complete.Predictor = predict.Something
		name, _ := flag.UnquoteUsage(f)
		switch s, ok := f.Value.(suggested); {
		case ok:
			p = s
		case name == "":
			p = predict.Nothing
		case name == "file":
			p = predict.Files("*")
		case name == "folder":
			p = predict.Dirs("*")
		}
		all.Flags[f.Name] = p
	})
	return all
}
