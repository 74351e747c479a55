/* What header and README.md say of fork. It prints ok. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bitstep.h"

static int child(void)
{
    float x = 1, sum = 2;
    if (bitstep_sum_f32(1, &x, &sum) != BITSTEP_FORKED || sum != 2 || strstr(bitstep_last_error(), "fork") == NULL)
        return 1;
    if (bitstep_gemm_f32(0, 0, 1, 1, 1, 1, &x, 1, &x, 1, 0, &sum, 1) != BITSTEP_FORKED || sum != 2)
        return 2;
    if (bitstep_set_threads(1) != BITSTEP_FORKED || bitstep_threads() != 0 || bitstep_backend() != NULL)
        return 3;
    if (bitstep_adam_defaults().beta1 != 0.9 || bitstep_abi() != BITSTEP_ABI)
        return 4;
    return 0;
}

/* Waits for a child, and returns what it ended with. */
static int status(pid_t pid)
{
    int s;
    if (pid < 0 || waitpid(pid, &s, 0) != pid || !WIFEXITED(s))
        return -1;
    return WEXITSTATUS(s);
}

int main(int argc, char **argv)
{
    float x[2] = { 1, 2 }, sum = 0;
    if (bitstep_sum_f32(2, x, &sum) != BITSTEP_OK || sum != 3)
        return 1;
    if (argc > 1) { /* the child that called exec */
        puts("ok");
        return 0;
    }
    pid_t pid = fork();
    if (pid == 0)
        _exit(child());
    int got = status(pid);
    if (got != 0) {
        fprintf(stderr, "the child returned %d\n", got);
        return 1;
    }
    if (bitstep_sum_f32(1, x, &sum) != BITSTEP_OK || sum != 1) /* the parent goes on */
        return 2;
    pid = fork();
    if (pid == 0) {
        execl(argv[0], argv[0], "child", (char *)NULL);
        _exit(9);
    }
    return status(pid);
}
