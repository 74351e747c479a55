package checkpoint

import "strconv"

// Facts are entries of the metadata that must be the same when a run is resumed: hyperparameters, counts of
// tensors, the kind of what was saved.
type Facts []fact

type fact struct {
	key   string
	value any
}

// Add adds a fact, whose value is a string, a bool, an int, a uint64 or a float64.
func (f *Facts) Add(key string, value any) { *f = append(*f, fact{key, value}) }

// text returns the value as the metadata has it.
func (f fact) text() string {
	switch v := f.value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'x', -1, 64)
	}
	panic("checkpoint: a fact's value is a string, a bool, an int, a uint64 or a float64")
}

// PutFacts adds facts to the metadata, their keys below a prefix.
func (c *File) PutFacts(prefix string, facts Facts) {
	for _, f := range facts {
		c.SetMeta(prefix+f.key, f.text())
	}
}

// CheckFacts returns an error that names the first fact which the metadata lacks or has otherwise, with both
// values.
func (c *File) CheckFacts(prefix string, facts Facts) error {
	for _, f := range facts {
		key, same, got := prefix+f.key, false, any(nil)
		if want, ok := f.value.(float64); ok {
			v, err := c.MetaFloat(key)
			if err != nil {
				return err
			}
			got, same = v, v == want
		} else {
			v, ok := c.Meta(key)
			if !ok {
				return c.Errorf("no metadata %s", quote(key))
			}
			got, same = v, v == f.text()
		}
		if !same {
			return c.Errorf("metadata %s is %v, but what is to be restored has %v", quote(key), got, f.value)
		}
	}
	return nil
}
