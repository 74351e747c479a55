// Package blas holds tests only: gonum's own tests of BLAS and LAPACK, run on bitstep's products and vectors.
package blas
