package chromium

import (
	"fmt"
	"slices"
	"strings"
)

// A Node is one of the accessibility tree: what a screen reader says.
type Node struct {
	Role, Name string
}

func (n Node) String() string { return fmt.Sprintf("%s %q", n.Role, n.Name) }

// axNode is a node as the protocol has it.
type axNode struct {
	NodeID, ParentID string
	ChildIDs         []string
	Ignored          bool
	Role, Name       struct{ Value string }
	Properties       []struct {
		Name  string
		Value struct{ Value any }
	}
}

func (n axNode) node() Node { return Node{n.Role.Value, strings.TrimSpace(n.Name.Value)} }

func (n axNode) focusable() bool {
	for _, p := range n.Properties {
		if p.Name == "focusable" {
			return p.Value.Value == true
		}
	}
	return false
}

// Tree returns the nodes of the page's accessibility tree in the order in which a screen reader goes through them, and
// which of them take the keyboard's focus.
func (b *Tab) Tree() (all, stops []Node) {
	b.t.Helper()
	var tree struct{ Nodes []axNode }
	b.Call("Accessibility.getFullAXTree", nil, &tree)
	byID := map[string]axNode{}
	for _, n := range tree.Nodes {
		byID[n.NodeID] = n
	}
	var visit func(n axNode)
	visit = func(n axNode) {
		if !n.Ignored && n.ParentID != "" {
			all = append(all, n.node())
			if n.focusable() {
				stops = append(stops, n.node())
			}
		}
		for _, id := range n.ChildIDs {
			if child, ok := byID[id]; ok {
				visit(child)
			}
		}
	}
	visit(tree.Nodes[0])
	return all, stops
}

// Stops presses Tab from the page's beginning to its end, and returns where the focus comes.
func (b *Tab) Stops() (all []Node) {
	b.t.Helper()
	b.Eval("document.activeElement.blur(), getSelection().removeAllRanges(), scrollTo(0, 0)")
	left := false // Tab goes on from where the focus was last: behind the page's end it begins anew
	for range 1000 {
		b.Press("Tab")
		var active struct{ Result struct{ ObjectID string } }
		b.Call("Runtime.evaluate", Fields{"expression": "document.activeElement"}, &active)
		var tree struct{ Nodes []axNode }
		b.Call("Accessibility.getPartialAXTree",
			Fields{"objectId": active.Result.ObjectID, "fetchRelatives": false}, &tree)
		switch out := b.Eval("document.activeElement === document.body") == "true"; {
		case out && left:
			return all
		case out:
			left = true
		case left:
			all = append(all, tree.Nodes[0].node())
		}
	}
	b.t.Fatal("the keyboard's focus does not leave the page")
	return nil
}

// named are roles of which each node must have a name.
var named = []string{"button", "link", "image", "checkbox", "progressbar", "region", "heading", "figure", "navigation",
	"DisclosureTriangle", "table", "columnheader", "rowheader"}

// CheckAccess checks that what is to have a name has one, that the keyboard comes to all that takes its focus, in the
// order of the accessibility tree, and that there are so many of each role in counts.
func (b *Tab) CheckAccess(counts map[string]int) {
	b.t.Helper()
	all, stops := b.Tree()
	found := map[string]int{}
	for i, n := range all {
		found[n.Role]++
		if n.Name == "" && slices.Contains(named, n.Role) {
			b.t.Errorf("no name: %v, after %v", n, all[max(i-3, 0):i])
		}
	}
	for role, want := range counts {
		if found[role] != want {
			b.t.Errorf("%d of role %s, want %d; there are %v", found[role], role, want, found)
		}
	}
	if got := b.Stops(); !slices.Equal(got, stops) {
		b.t.Errorf("the keyboard's order is %v, and that of the tree %v", got, stops)
	}
}
