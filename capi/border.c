//go:build cgo

#include "border.h"

#include <string.h>

#include "mode.h"
#include "_cgo_export.h"

#ifndef _WIN32
#include <pthread.h>
#endif

char bitstep_strings[BITSTEP_STRINGS];

static __thread char message[BITSTEP_MESSAGE];

const char *bitstep_last_error(void) { return message; }

int bitstep_abi(void) { return BITSTEP_ABI; }

/*
 * LOADING. A thread starts in the mode of the one that makes it. Go's runtime makes its first thread when the library
 * is loaded, and all others descend from it, or from threads in a call, whose mode is the default's. So the mode of the
 * loading thread is set aside while the runtime starts: constructors with a priority run before that, those without
 * behind it. Where a linker has another order, Go finds out: see inherited in settings.go.
 */
static mode loading;
static int child; /* this process is a fork of the one that loaded the library */

int bitstep_mode_is_default(void) { return mode_is_default(mode_get()); }

#ifndef _WIN32
static void in_child(void) { child = 1; }

__attribute__((constructor(101))) static void before_go(void)
{
    loading = mode_enter();
    pthread_atfork(NULL, NULL, in_child);
}

__attribute__((constructor)) static void behind_go(void) { mode_leave(loading); }
#endif

static int forked(void)
{
    strcpy(message, "bitstep: this process is a fork of the one that loaded the library, "
                    "and has none of its threads: call exec, or load the library in the child alone");
    return BITSTEP_FORKED;
}

int bitstep_cross_row(struct bitstep_row *c)
{
    if (child)
        return forked();
    c->message = message;
    mode m = mode_enter();
    int code = bitstepGoRow(c);
    mode_leave(m);
    return code;
}

int bitstep_cross_product(struct bitstep_product *c)
{
    if (child)
        return forked();
    c->message = message;
    mode m = mode_enter();
    int code = bitstepGoProduct(c);
    mode_leave(m);
    return code;
}

static int cross_setting(struct bitstep_setting *c)
{
    if (child)
        return forked();
    c->message = message;
    mode m = mode_enter();
    int code = bitstepGoSetting(c);
    mode_leave(m);
    return code;
}

/* Settings. What only asks answers NULL or 0 in a fork's child. */

static const char *text(struct bitstep_setting c) { return cross_setting(&c) == BITSTEP_OK ? c.text : NULL; }

static size_t number(struct bitstep_setting c) { return cross_setting(&c) == BITSTEP_OK ? c.number : 0; }

const char *bitstep_version(void) { return text((struct bitstep_setting){ BITSTEP_VERSION }); }

size_t bitstep_backend_count(void) { return number((struct bitstep_setting){ BITSTEP_BACKEND_COUNT }); }

const char *bitstep_backend_name(size_t i) { return text((struct bitstep_setting){ BITSTEP_BACKEND_NAME, i }); }

const char *bitstep_backend(void) { return text((struct bitstep_setting){ BITSTEP_BACKEND }); }

int bitstep_set_backend(const char *name)
{
    struct bitstep_setting c = { BITSTEP_SET_BACKEND, 0, name };
    return cross_setting(&c);
}

size_t bitstep_threads(void) { return number((struct bitstep_setting){ BITSTEP_THREADS }); }

int bitstep_set_threads(size_t threads)
{
    struct bitstep_setting c = { BITSTEP_SET_THREADS, threads };
    return cross_setting(&c);
}

int bitstep_set_pool(size_t threads)
{
    struct bitstep_setting c = { BITSTEP_SET_POOL, threads };
    return cross_setting(&c);
}
