/*
 * The lecture's classifier: softmax over a linear map of 32x32 pictures in color, trained 200 steps by Adam, on data
 * that a fixed generator makes. It prints the SHA-256 of the weights, which is the same on every machine and backend,
 * and that of the same training in Go (package linear) and in Python: see README.md for the recipe.
 *
 * Arithmetic on floating-point numbers that is not bitstep's is written so that a C compiler cannot change it: no
 * product feeds an addition.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitstep.h"
#include "sha256.h"

enum { classes = 10, pixels = 3072, features = pixels + 1, examples = 640, batch = 128, block = 64, steps = 200 };

/* Number i of the generator, which is SplitMix64 from seed 1. */
static uint64_t generated(uint64_t i)
{
    uint64_t z = 1 + (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void try(int code)
{
    if (code != BITSTEP_OK) {
        fprintf(stderr, "%s\n", bitstep_last_error());
        exit(1);
    }
}

static void *zeros(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (p == NULL)
        exit(1);
    return p;
}

/* Pictures are a class's pattern and noise, one part to three. */
static void make(uint8_t *bytes, uint8_t *labels)
{
    for (size_t e = 0; e < examples; e++) {
        labels[e] = (uint8_t)(generated(classes * pixels + e) % classes);
        for (size_t j = 0; j < pixels; j++) {
            uint64_t pattern = generated(labels[e] * (uint64_t)pixels + j) >> 56;
            uint64_t noise = generated(classes * pixels + examples + e * pixels + j) >> 56;
            bytes[e * pixels + j] = (uint8_t)((pattern + 3 * noise) / 4);
        }
    }
}

/* Features are byte/128 less their mean over the examples, and a last one that is 1. */
static void convert(const uint8_t *bytes, float *x)
{
    float offset[pixels];
    for (size_t j = 0; j < pixels; j++) {
        uint64_t sum = 0;
        for (size_t e = 0; e < examples; e++)
            sum += bytes[e * pixels + j];
        offset[j] = (float)((double)sum / examples / 128);
    }
    for (size_t e = 0; e < examples; e++) {
        try(bitstep_from_bytes_f32(pixels, x + e * features, bytes + e * pixels, offset, 1.0f / 128));
        x[e * features + pixels] = 1;
    }
}

/* Replaces an example's scores by the gradient of its loss: softmax, less 1 where the label is. */
static void gradient(float *s, uint8_t label)
{
    double e[classes], z = 0;
    float top = s[0];
    for (int c = 1; c < classes; c++)
        top = s[c] > top ? s[c] : top;
    for (int c = 0; c < classes; c++)
        e[c] = (double)s[c] - (double)top;
    try(bitstep_exp_f64(classes, e));
    for (int c = 0; c < classes; c++)
        z += e[c];
    for (int c = 0; c < classes; c++) {
        double p = e[c] / z;
        s[c] = (float)(c == label ? p - 1 : p);
    }
}

int main(void)
{
    uint8_t *bytes = zeros(examples * pixels, 1), *labels = zeros(examples, 1);
    float *x = zeros(examples * features, sizeof *x), *s = zeros(block * classes, sizeof *s);
    float *w = zeros(classes * features, sizeof *w), *dw = zeros(classes * features, sizeof *dw);
    float *m = zeros(classes * features, sizeof *m), *v = zeros(classes * features, sizeof *v);
    const float lambda = 0.01f;
    bitstep_adam_hyper adam = bitstep_adam_defaults();

    make(bytes, labels);
    convert(bytes, x);
    for (uint64_t t = 1; t <= steps; t++) {
        size_t first = (t - 1) * batch % examples;
        for (size_t b = first; b < first + batch; b += block) {
            const float *rows = x + b * features;
            try(bitstep_gemm_f32(0, 1, block, classes, features, 1, rows, features, w, features, 0, s, classes));
            for (size_t i = 0; i < block; i++)
                gradient(s + i * classes, labels[b + i]);
            try(bitstep_gemm_f32(1, 0, classes, features, block, 1.0f / batch, s, classes, rows, features,
                b == first ? 0 : 1, dw, features));
        }
        try(bitstep_axpy_f32(classes * features, dw, w, 2 * lambda));
        try(bitstep_adam_f32(classes * features, w, m, v, dw, &adam, t));
    }

    struct sha256 h;
    char hex[65];
    sha256_start(&h);
    sha256_number(&h, classes * features, 8);
    for (size_t i = 0; i < classes * features; i++) {
        uint32_t bits;
        memcpy(&bits, &w[i], sizeof bits);
        sha256_number(&h, bits, 4);
    }
    sha256_end(&h, hex);
    printf("%s\n", hex);
    free(bytes), free(labels), free(x), free(s), free(w), free(dw), free(m), free(v);
    return 0;
}
