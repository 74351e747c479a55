/*
 * Calls functions of bitstep.h as it is told, for driver_test.go: it reads requests from standard input, each with the
 * memory that the arguments point into, and answers with what the call returned and what that memory is then. The
 * memory is at a fixed address, so that who writes requests knows all pointers; it ends at the end of a page, and
 * beyond it is nothing.
 */

#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bitstep.h"

struct request {
    char function[64];
    uint64_t mode; /* MXCSR or FPCR during the call; 0: as it is */
    uint64_t n, t;
    uint64_t op[8], lengths, hyper, result;
    float scalar_float[4];
    double scalar_double[4];
    int32_t trans_a, trans_b;
    uint64_t m, k, lda, ldb, ldc;
    uint64_t memory; /* bytes, which follow */
};

struct answer {
    int32_t code;
    uint32_t probe;    /* in the mode of the call: bit 0: subnormal numbers are flushed, bit 1: rounding is upwards */
    uint64_t mode;     /* after the call, before the driver's own mode is back */
    char message[512]; /* of a code other than 0 */
};

static void *pointer(uint64_t address) { return (void *)(uintptr_t)address; }

#include "calls.h"

/* Products of both types. The scalars are alpha and beta. */
#define PRODUCTS(T, S)                                                                                                 \
    static int call_gemm_##S(const struct request *r)                                                                  \
    {                                                                                                                  \
        return bitstep_gemm_##S(r->trans_a, r->trans_b, r->m, r->n, r->k, r->scalar_##T[0], pointer(r->op[0]), r->lda, \
            pointer(r->op[1]), r->ldb, r->scalar_##T[1], pointer(r->op[2]), r->ldc);                                   \
    }                                                                                                                  \
    static int call_gemm_continue_##S(const struct request *r)                                                         \
    {                                                                                                                  \
        return bitstep_gemm_continue_##S(r->trans_a, r->trans_b, r->m, r->n, r->k, pointer(r->op[0]), r->lda,          \
            pointer(r->op[1]), r->ldb, pointer(r->op[2]), r->ldc);                                                     \
    }                                                                                                                  \
    static int call_gemv_##S(const struct request *r)                                                                  \
    {                                                                                                                  \
        return bitstep_gemv_##S(r->trans_a, r->m, r->n, r->scalar_##T[0], pointer(r->op[0]), r->lda,                   \
            pointer(r->op[1]), r->scalar_##T[1], pointer(r->op[2]));                                                   \
    }

PRODUCTS(float, f32)
PRODUCTS(double, f64)

static int call_set_backend(const struct request *r) { return bitstep_set_backend(pointer(r->op[0])); }
static int call_set_threads(const struct request *r) { return bitstep_set_threads(r->n); }
static int call_set_pool(const struct request *r) { return bitstep_set_pool(r->n); }

static const struct {
    const char *name;
    int (*call)(const struct request *);
} others[] = {
    { "bitstep_gemm_f32", call_gemm_f32 },
    { "bitstep_gemm_f64", call_gemm_f64 },
    { "bitstep_gemm_continue_f32", call_gemm_continue_f32 },
    { "bitstep_gemm_continue_f64", call_gemm_continue_f64 },
    { "bitstep_gemv_f32", call_gemv_f32 },
    { "bitstep_gemv_f64", call_gemv_f64 },
    { "bitstep_set_backend", call_set_backend },
    { "bitstep_set_threads", call_set_threads },
    { "bitstep_set_pool", call_set_pool },
};

static int (*find(const char *name))(const struct request *)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strcmp(calls[i].name, name) == 0)
            return calls[i].call;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].name, name) == 0)
            return others[i].call;
    fprintf(stderr, "driver: no function %s\n", name);
    exit(1);
}

#if defined(__x86_64__)
#include <xmmintrin.h>
static uint64_t get_mode(void) { return _mm_getcsr(); }
static void set_mode(uint64_t mode) { _mm_setcsr((unsigned)mode); }
#elif defined(__aarch64__)
static uint64_t get_mode(void)
{
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}
static void set_mode(uint64_t mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode) : "memory"); }
#else
#error "the mode of this processor"
#endif

/* probe leaves no flag behind. */
static uint32_t probe(void)
{
    uint64_t mode = get_mode();
#if defined(__x86_64__)
    if (~mode & 0x1f80)
        return 0; /* an exception that is not masked would end the driver */
#endif
    volatile float subnormal = 0x1p-140f, one = 1, little = 0x1p-30f;
    volatile float flushed = subnormal * one, up = one + little;
    uint32_t bits;
    float f = flushed;
    memcpy(&bits, &f, sizeof bits);
    uint32_t result = (bits == 0) + 2 * (up > one);
    set_mode(mode);
    return result;
}

/* The memory, and pages that nobody may touch. */
enum { address = 0x20000000, bytes = 1 << 20, guard = 1 << 16 };

/* all reads n bytes, or returns 0 at the end. */
static int all(void *p, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = read(0, (char *)p + done, n - done);
        if (got <= 0)
            return 0;
        done += (size_t)got;
    }
    return 1;
}

static void put(const void *p, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = write(1, (const char *)p + done, n - done);
        if (got <= 0)
            exit(1);
        done += (size_t)got;
    }
}

static char *memory;

#ifndef __ELF__
__attribute__((constructor))
#endif
static void reserve(void)
{
    memory = mmap(pointer(address), bytes + guard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Before the libraries are initialized: the runtime of Go, which starts on a thread, then reserves address space
 * that may include this one where there is less of it, as under valgrind. */
#ifdef __ELF__
__attribute__((section(".preinit_array"), used)) static void (*const before_all)(void) = reserve;
#endif

int main(void)
{
    if (memory != (char *)pointer(address) || mprotect(memory + bytes, guard, PROT_NONE) != 0) {
        fprintf(stderr, "driver: the memory is at %p\n", (void *)memory);
        return 1;
    }
    struct request r;
    while (all(&r, sizeof r)) {
        struct answer a = { 0 };
        if (r.memory > bytes)
            return 1;
        char *own = memory + bytes - r.memory;
        if (!all(own, r.memory))
            return 1;
        int (*call)(const struct request *) = find(r.function);
        uint64_t before = get_mode();
        if (r.mode != 0)
            set_mode(r.mode);
        a.probe = probe();
        a.code = call(&r);
        a.mode = get_mode();
        set_mode(before);
        if (a.code != BITSTEP_OK)
            strncpy(a.message, bitstep_last_error(), sizeof a.message - 1);
        put(&a, sizeof a);
        put(own, r.memory);
    }
    return 0;
}
