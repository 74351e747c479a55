/*
 * Loads the library, whose path is the argument, on a thread that flushes subnormal numbers to zero, and takes steps
 * that are spread over threads: what Go's threads would flush, too, if they had that mode of the thread that loads. It
 * prints how many threads calls may have.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitstep.h"

#if defined(__aarch64__)
static uint64_t get_mode(void)
{
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}
static void set_mode(uint64_t mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode)); }
static const uint64_t flushing = 1 << 24;
#else
#include <xmmintrin.h>
static uint64_t get_mode(void) { return _mm_getcsr(); }
static void set_mode(uint64_t mode) { _mm_setcsr((unsigned)mode); }
static const uint64_t flushing = 0x9fc0;
#endif

enum { n = 4 << 20, rounds = 20 };

int main(int argc, char **argv)
{
    uint32_t *x = calloc(2 * n, sizeof *x), *g = x + n;
    if (x == NULL || argc < 2)
        return 1;
    for (size_t i = 0; i < n; i++)
        x[i] = 1000, g[i] = 1; /* subnormal numbers, by their bits */

    set_mode(flushing);
    void *library = dlopen(argv[1], RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    if (get_mode() != flushing) {
        fprintf(stderr, "the mode is %#lx after dlopen\n", (unsigned long)get_mode());
        return 1;
    }
    int (*step)(size_t, float *, const float *, const bitstep_sgd_hyper *);
    size_t (*threads)(void);
    *(void **)&step = dlsym(library, "bitstep_sgd_f32");
    *(void **)&threads = dlsym(library, "bitstep_threads");
    if (step == NULL || threads == NULL)
        return 1;
    bitstep_sgd_hyper h = { 1, { 0, 0, 0, 0, 0 } };
    for (int t = 1; t <= rounds; t++)
        if (step(n, (float *)x, (float *)g, &h) != BITSTEP_OK)
            return 1;
    for (size_t i = 0; i < n; i++)
        if (x[i] != 1000 - rounds) {
            fprintf(stderr, "x[%zu] = %u, want %d\n", i, (unsigned)x[i], 1000 - rounds);
            return 1;
        }
    printf("%zu\n", threads());
    return 0;
}
