//go:build cgo

#include "border.h"

/* The functions of bitstep.h that are matrix products, as calls that are passed to Go. */

#define PRODUCTS(T, S)                                                                                                 \
    int bitstep_gemm_##S(int trans_a, int trans_b, size_t m, size_t n, size_t k, T alpha, const T *a, size_t lda,      \
        const T *b, size_t ldb, T beta, T *c, size_t ldc)                                                              \
    {                                                                                                                  \
        struct bitstep_product p = { BITSTEP_GEMM, sizeof(T), trans_a, trans_b, m, n, k };                             \
        p.alpha.S = alpha, p.beta.S = beta;                                                                            \
        p.a = a, p.b = b, p.c = c, p.lda = lda, p.ldb = ldb, p.ldc = ldc;                                              \
        return bitstep_cross_product(&p);                                                                              \
    }                                                                                                                  \
    int bitstep_gemm_continue_##S(int trans_a, int trans_b, size_t m, size_t n, size_t k, const T *a, size_t lda,      \
        const T *b, size_t ldb, T *c, size_t ldc)                                                                      \
    {                                                                                                                  \
        struct bitstep_product p = { BITSTEP_GEMM_CONTINUE, sizeof(T), trans_a, trans_b, m, n, k };                    \
        p.a = a, p.b = b, p.c = c, p.lda = lda, p.ldb = ldb, p.ldc = ldc;                                              \
        return bitstep_cross_product(&p);                                                                              \
    }                                                                                                                  \
    int bitstep_gemv_##S(int trans_a, size_t m, size_t n, T alpha, const T *a, size_t lda, const T *x, T beta, T *y)   \
    {                                                                                                                  \
        struct bitstep_product p = { BITSTEP_GEMV, sizeof(T), trans_a, 0, m, n };                                      \
        p.alpha.S = alpha, p.beta.S = beta;                                                                            \
        p.a = a, p.b = x, p.c = y, p.lda = lda;                                                                        \
        return bitstep_cross_product(&p);                                                                              \
    }

PRODUCTS(float, f32)
PRODUCTS(double, f64)
