/*
 * The floating-point mode of a thread: rounding, flush-to-zero, denormals-are-zero, exceptions that trap; and the flags
 * of exceptions. mode_enter sets the mode of IEEE 754's defaults and returns what was there; mode_leave brings it back.
 */

#if defined(__x86_64__)

#include <xmmintrin.h>

typedef unsigned int mode;

enum { mode_flags = 0x3f, mode_default = 0x1f80 }; /* MXCSR; all exceptions are masked */

static mode mode_get(void) { return _mm_getcsr(); }

static int mode_is_default(mode m) { return (m & ~(mode)mode_flags) == mode_default; }

/* Go computes with SSE and wider vectors alone, never with x87. To load MXCSR costs more than to look at it. */
static mode mode_enter(void)
{
    mode m = _mm_getcsr();
    if (!mode_is_default(m))
        _mm_setcsr(mode_default);
    return m;
}

static void mode_leave(mode m)
{
    if (_mm_getcsr() != m)
        _mm_setcsr(m);
}

#elif defined(__aarch64__)

typedef struct {
    uint64_t fpcr, fpsr;
} mode;

static mode mode_get(void)
{
    mode m;
    __asm__ volatile("mrs %0, fpcr" : "=r"(m.fpcr));
    __asm__ volatile("mrs %0, fpsr" : "=r"(m.fpsr));
    return m;
}

static int mode_is_default(mode m) { return m.fpcr == 0; }

static mode mode_enter(void)
{
    mode m = mode_get();
    if (!mode_is_default(m))
        __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0) : "memory");
    return m;
}

static void mode_leave(mode m)
{
    if (!mode_is_default(m))
        __asm__ volatile("msr fpcr, %0" : : "r"(m.fpcr) : "memory");
    __asm__ volatile("msr fpsr, %0" : : "r"(m.fpsr) : "memory");
}

#else

#include <fenv.h>

typedef fenv_t mode;

static mode mode_get(void)
{
    mode m;
    fegetenv(&m);
    return m;
}

/* C tells the rounding alone. */
static int mode_is_default(mode m)
{
    (void)m;
    return fegetround() == FE_TONEAREST;
}

static mode mode_enter(void)
{
    mode m;
    feholdexcept(&m);
    fesetenv(FE_DFL_ENV);
    return m;
}

static void mode_leave(mode m) { fesetenv(&m); }

#endif
