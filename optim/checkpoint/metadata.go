package checkpoint

import (
	"maps"
	"slices"
	"strconv"
)

// SetMeta sets the metadata key to value, replacing an earlier value. The keys bitstep and sha256, and text
// that is not UTF-8, are mistakes as [File] describes them.
func (c *File) SetMeta(key, value string) {
	switch {
	case key == formatKey || key == checksumKey:
		c.Fail("metadata %s: the key belongs to the format", quote(key))
	case !validText(key) || !validText(value):
		c.Fail("metadata %s = %s: not UTF-8", quote(key), quote(value))
	default:
		c.meta[key] = value
	}
}

// Meta returns the value of a metadata key. After [Read] that includes bitstep and sha256.
func (c *File) Meta(key string) (value string, ok bool) {
	value, ok = c.meta[key]
	return value, ok
}

// MetaKeys returns the keys of the metadata, sorted.
func (c *File) MetaKeys() []string { return slices.Sorted(maps.Keys(c.meta)) }

// SetMetaFloat sets the metadata key to v in hexadecimal, 0x1.8p-01, which reads back exactly.
func (c *File) SetMetaFloat(key string, v float64) {
	c.SetMeta(key, strconv.FormatFloat(v, 'x', -1, 64))
}

// MetaFloat returns the number at a metadata key. A missing key and anything but a number within the range
// of float64 are errors that name file and key.
func (c *File) MetaFloat(key string) (float64, error) {
	value, ok := c.meta[key]
	if !ok {
		return 0, c.Errorf("no metadata %s", quote(key))
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return 0, c.Errorf("metadata %s = %s, want a float64", quote(key), quote(value))
	}
	return v, nil
}

// SetMetaUint sets the metadata key to v in decimal.
func (c *File) SetMetaUint(key string, v uint64) { c.SetMeta(key, strconv.FormatUint(v, 10)) }

// MetaUint returns the whole number at a metadata key. A missing key and anything but decimal digits of at
// most 1<<64 - 1 are errors that name file and key.
func (c *File) MetaUint(key string) (uint64, error) {
	value, ok := c.meta[key]
	if !ok {
		return 0, c.Errorf("no metadata %s", quote(key))
	}
	v, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return 0, c.Errorf("metadata %s = %s, want a whole number from 0 to 1<<64 - 1", quote(key), quote(value))
	}
	return v, nil
}
