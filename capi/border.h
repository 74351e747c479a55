/* What passes between the functions of bitstep.h, in C, and Go. */

#ifndef BITSTEP_BORDER_H
#define BITSTEP_BORDER_H

#include "bitstep.h"
#include "rows.h"

/* The longest message of an error, with its final 0. */
#define BITSTEP_MESSAGE 512

/* A scalar is stored in its own type: a conversion would flush a subnormal one where the caller's thread does. */
union bitstep_scalar {
    float f32;
    double f64;
};

/* A call of a function of rows.c. */
struct bitstep_row {
    int row;      /* index in functions of rows.go */
    int bytes;    /* of an element: 4 or 8 */
    size_t n;     /* elements, or with each tensors */
    const void *op[BITSTEP_OPERANDS]; /* with each arrays of pointers */
    int each;
    const size_t *lengths; /* with each: elements of each tensor */
    const double *hyper;   /* a step's hyperparameters, then its prelude */
    uint64_t t;
    union bitstep_scalar scalar[BITSTEP_SCALARS];
    void *result; /* of a reduction */
    char *message;
};

/* A call of a matrix product. */
struct bitstep_product {
    enum { BITSTEP_GEMM, BITSTEP_GEMM_CONTINUE, BITSTEP_GEMV } function;
    int bytes;
    int trans_a, trans_b;
    size_t m, n, k;
    union bitstep_scalar alpha, beta;
    const void *a, *b, *c; /* of a gemv: a, x and y */
    size_t lda, ldb, ldc;
    char *message;
};

/* A call that reads or changes settings. */
struct bitstep_setting {
    enum {
        BITSTEP_VERSION,
        BITSTEP_BACKEND_COUNT,
        BITSTEP_BACKEND_NAME,
        BITSTEP_BACKEND,
        BITSTEP_SET_BACKEND,
        BITSTEP_THREADS,
        BITSTEP_SET_THREADS,
        BITSTEP_SET_POOL
    } function;
    size_t number;    /* argument, and answer */
    const char *text; /* argument, and answer */
    char *message;
};

/* The ways to Go: they set the floating-point mode aside, and refuse in a fork's child. */
#if defined(__GNUC__)
#define BITSTEP_HIDDEN __attribute__((visibility("hidden")))
#else
#define BITSTEP_HIDDEN
#endif

BITSTEP_HIDDEN int bitstep_cross_row(struct bitstep_row *c);
BITSTEP_HIDDEN int bitstep_cross_product(struct bitstep_product *c);

/* Where Go puts the strings that it gives to C, one after another. */
#define BITSTEP_STRINGS 1024
extern BITSTEP_HIDDEN char bitstep_strings[BITSTEP_STRINGS];

/* Whether the thread that loaded the library had a mode of its own, which the threads of Go's runtime then have too. */
BITSTEP_HIDDEN int bitstep_mode_is_default(void);

#endif
