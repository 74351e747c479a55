// Package tidy holds the repository to its layout.
package tidy
