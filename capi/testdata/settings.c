/* Settings and queries. It prints ok. */

#include <stdio.h>
#include <string.h>

#include "bitstep.h"

#define MUST(condition)                                                                                                \
    do                                                                                                                 \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%d: %s: %s\n", __LINE__, #condition, bitstep_last_error());                               \
            return 1;                                                                                                  \
        }                                                                                                              \
    while (0)

int main(void)
{
    const char *start = bitstep_backend();
    size_t count = bitstep_backend_count(), cpus = bitstep_threads();
    MUST(strcmp(bitstep_last_error(), "") == 0);
    MUST(bitstep_abi() == BITSTEP_ABI);
    MUST(bitstep_version() != NULL && strlen(bitstep_version()) > 0);
    MUST(start != NULL && count >= 1 && cpus >= 1);
    MUST(strcmp(bitstep_backend_name(0), "go") == 0);
    MUST(bitstep_backend_name(count) == NULL && bitstep_backend_name((size_t)-1) == NULL);
    for (size_t i = 0; i < count; i++) {
        MUST(bitstep_set_backend(bitstep_backend_name(i)) == BITSTEP_OK);
        MUST(bitstep_backend() == bitstep_backend_name(i));
    }
    MUST(bitstep_set_backend("") == BITSTEP_VALUE && strstr(bitstep_last_error(), "name = \"\"") != NULL);
    MUST(bitstep_backend() == bitstep_backend_name(count - 1)); /* the last that was set */
    MUST(bitstep_set_backend(NULL) == BITSTEP_OK && bitstep_backend() == start);
    MUST(bitstep_set_threads(3) == BITSTEP_OK && bitstep_threads() == 3);
    MUST(bitstep_set_threads(4097) == BITSTEP_VALUE && bitstep_threads() == 3);
    MUST(bitstep_set_threads(0) == BITSTEP_OK && bitstep_threads() == cpus);
    MUST(bitstep_set_pool(0) == BITSTEP_OK && bitstep_set_pool(2) == BITSTEP_OK && bitstep_set_pool(0) == BITSTEP_OK);
    MUST(strstr(bitstep_last_error(), "threads = 4097") != NULL); /* the last failure stays */

    bitstep_adam_hyper h = bitstep_adam_defaults();
    MUST(h.beta1 == 0.9 && h.beta2 == 0.999 && h.lr == 1e-3 && h.eps == 1e-7);
    MUST(h.prelude.scale == 0 && h.prelude.clip_lo == 0 && h.prelude.clip_hi == 0 && h.prelude.l2 == 0 &&
        h.prelude.decay == 0);
    puts("ok");
    return 0;
}
