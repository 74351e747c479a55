/* A step of Adam, as README.md has it. */

#include <stdio.h>

#include "bitstep.h"

int main(void)
{
    float x[] = { 1, 2, 3 }, m[3] = { 0 }, v[3] = { 0 }, g[] = { 0.5f, -1, 2 };
    bitstep_adam_hyper hyper = bitstep_adam_defaults();
    hyper.lr = 0.125;
    if (bitstep_adam_f32(3, x, m, v, g, &hyper, 1) != BITSTEP_OK) {
        fprintf(stderr, "%s\n", bitstep_last_error());
        return 1;
    }
    printf("%g %g %g\n", x[0], x[1], x[2]);
    return 0;
}
