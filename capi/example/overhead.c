/*
 * What crossing to the library costs: the time of a call, the least of many samples, in nanoseconds.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bitstep.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static float *floats(size_t n)
{
    float *p = calloc(n, sizeof *p);
    if (p == NULL)
        exit(1);
    return p;
}

static void check(int code)
{
    if (code != BITSTEP_OK) {
        fprintf(stderr, "%s\n", bitstep_last_error());
        exit(1);
    }
}

enum { samples = 200, tensors = 1000, most = 1024 };

int main(void)
{
    bitstep_adam_hyper h = bitstep_adam_defaults();
    float *memory[4];
    for (int i = 0; i < 4; i++)
        memory[i] = floats((size_t)tensors * most);
    float **x = memory;

    static const size_t lengths[] = { 1, 1000, 100000 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t n = lengths[i];
        double best = 1e18;
        int calls = (int)(100000 / n) + 1;
        for (int s = 0; s < samples; s++) {
            double start = now();
            for (int c = 0; c < calls; c++)
                check(bitstep_adam_f32(n, x[0], x[1], x[2], x[3], &h, 7));
            double took = (now() - start) / calls;
            best = took < best ? took : best;
        }
        printf("bitstep_adam_f32 of %zu: %.0f ns\n", n, best);
    }

    float *lists[4][tensors];
    const float *gradients[tensors];
    size_t n[tensors];
    static const size_t sizes[] = { 1, 64, most };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int t = 0; t < tensors; t++) {
            n[t] = sizes[i];
            for (int j = 0; j < 4; j++)
                lists[j][t] = memory[j] + t * sizes[i];
            gradients[t] = lists[3][t];
        }
        double together = 1e18, each = 1e18;
        for (int s = 0; s < samples; s++) {
            double start = now();
            check(bitstep_adam_f32_each(tensors, n, lists[0], lists[1], lists[2], gradients, &h, 7));
            double took = now() - start;
            together = took < together ? took : together;
            start = now();
            for (int t = 0; t < tensors; t++)
                check(bitstep_adam_f32(n[t], lists[0][t], lists[1][t], lists[2][t], gradients[t], &h, 7));
            took = now() - start;
            each = took < each ? took : each;
        }
        printf("%d tensors of %zu: %.0f ns in one call, %.0f ns in a call each\n", tensors, sizes[i], together, each);
    }
    return 0;
}
