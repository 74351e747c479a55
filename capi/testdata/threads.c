/*
 * Calls from several threads at the same time: steps that are spread over threads themselves, calls that fail, and
 * changes of settings. Each thread checks its results, and that errors are its own. It prints ok.
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bitstep.h"

enum { threads = 6, rounds = 20, n = 200000 };

static float *want; /* what every thread's parameters are in the end */
static volatile int ended;

static void must(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s: %s\n", what, bitstep_last_error());
        exit(1);
    }
}

static float *train(int id)
{
    float *x = calloc(4 * n, sizeof *x), *m = x + n, *v = m + n, *g = v + n;
    bitstep_adam_hyper h = bitstep_adam_defaults();
    must(x != NULL, "memory");
    for (size_t i = 0; i < n; i++)
        g[i] = (float)(i % 1000) - 500;
    for (int t = 1; t <= rounds; t++) {
        must(bitstep_adam_f32(n, x, m, v, g, &h, t) == BITSTEP_OK, "adam");
        char words[64];
        sprintf(words, "t = 0"); /* this thread's */
        if (id % 2)
            must(bitstep_adam_f32(n, x, m, v, g, &h, 0) == BITSTEP_VALUE, "t");
        else {
            sprintf(words, "m is null, want %d elements", 1 + id);
            must(bitstep_adam_f32(1 + id, x, NULL, v, g, &h, t) == BITSTEP_NULL, "null");
        }
        must(strstr(bitstep_last_error(), words) != NULL, "another thread's error");
    }
    return x;
}

static void *run(void *id)
{
    float *x = train(*(int *)id);
    must(memcmp(x, want, n * sizeof *x) == 0, "other parameters");
    free(x);
    return NULL;
}

static void *change(void *unused)
{
    (void)unused;
    for (unsigned i = 0; !ended; i++) {
        must(bitstep_set_backend(bitstep_backend_name(i % bitstep_backend_count())) == BITSTEP_OK, "backend");
        must(bitstep_set_threads(i % 4) == BITSTEP_OK, "threads");
        must(bitstep_set_pool(i % 3) == BITSTEP_OK, "pool");
        usleep(100);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[threads], settings;
    int ids[threads];
    must(bitstep_set_threads(1) == BITSTEP_OK, "threads");
    must(strcmp(bitstep_last_error(), "") == 0, "an error before any");
    want = train(0);
    pthread_create(&settings, NULL, change, NULL);
    for (int i = 0; i < threads; i++) {
        ids[i] = i;
        pthread_create(&thread[i], NULL, run, &ids[i]);
    }
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    ended = 1;
    pthread_join(settings, NULL);
    free(want);
    puts("ok");
    return 0;
}
