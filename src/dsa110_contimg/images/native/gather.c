/* Windows cut out of mapped FITS pixels: byte order, scaling and status in one pass over memory.
 *
 * gathering.py says the same in numpy; the tests hold the one against the other.
 */
#include "gather.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "processors.h"

/* ---- one row: from stored pixels to floats ------------------------------------------------------------------- */

static inline uint16_t load16(const unsigned char *at) { uint16_t v; memcpy(&v, at, 2); return __builtin_bswap16(v); }
static inline uint32_t load32(const unsigned char *at) { uint32_t v; memcpy(&v, at, 4); return __builtin_bswap32(v); }
static inline uint64_t load64(const unsigned char *at) { uint64_t v; memcpy(&v, at, 8); return __builtin_bswap64(v); }
static inline float load_float(const unsigned char *at) { uint32_t b = load32(at); float v; memcpy(&v, &b, 4); return v; }
static inline double load_double(const unsigned char *at) { uint64_t b = load64(at); double v; memcpy(&v, &b, 8); return v; }

/* As numpy does it: integers of 8 and 16 bits become float32 before they are scaled, longer ones float64. */
#define ROW(NAME, REAL, LOAD, OUT)                                                                                  \
    FOR_EVERY_PROCESSOR static void NAME(const Plane *p, const unsigned char *from, OUT *to, int64_t n)             \
    {                                                                                                               \
        const REAL scale = (REAL)p->scale, zero = (REAL)p->zero;                                                    \
        for (int64_t i = 0; i < n; i++, from += p->column_stride) {                                                 \
            REAL value = (REAL)LOAD(from);                                                                          \
            if (p->scale != 1.0) value *= scale;                                                                    \
            if (p->zero != 0.0) value += zero;                                                                      \
            to[i] = (OUT)value;                                                                                     \
        }                                                                                                           \
    }
#define INTEGER_ROW(NAME, REAL, LOAD, OUT)                                                                          \
    FOR_EVERY_PROCESSOR static void NAME(const Plane *p, const unsigned char *from, OUT *to, int64_t n)             \
    {                                                                                                               \
        const REAL scale = (REAL)p->scale, zero = (REAL)p->zero;                                                    \
        for (int64_t i = 0; i < n; i++, from += p->column_stride) {                                                 \
            const int64_t stored = LOAD(from);                                                                      \
            REAL value = (REAL)stored;                                                                              \
            if (p->scale != 1.0) value *= scale;                                                                    \
            if (p->zero != 0.0) value += zero;                                                                      \
            to[i] = p->has_blank && stored == p->blank ? (OUT)NAN : (OUT)value;                                     \
        }                                                                                                           \
    }
#define BYTE(at) (*(at))
#define SHORT(at) ((int16_t)load16(at))
#define INT(at) ((int32_t)load32(at))
#define LONG(at) ((int64_t)load64(at))

#define ROWS(SUFFIX, OUT)                                  \
    INTEGER_ROW(row_8_##SUFFIX, float, BYTE, OUT)          \
    INTEGER_ROW(row_16_##SUFFIX, float, SHORT, OUT)        \
    INTEGER_ROW(row_32_##SUFFIX, double, INT, OUT)         \
    INTEGER_ROW(row_64_##SUFFIX, double, LONG, OUT)        \
    ROW(row_f32_##SUFFIX, float, load_float, OUT)          \
    ROW(row_f64_##SUFFIX, double, load_double, OUT)
ROWS(float, float)
ROWS(double, double)

/* What images are made of: float32, rows along the longitude, not scaled. */
FOR_EVERY_PROCESSOR static void swap_row(const unsigned char *from, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const uint32_t bits = load32(from + 4 * i);
        memcpy(to + i, &bits, 4);
    }
}

#define CONVERT(SUFFIX, OUT)                                                                                        \
    static void convert_##SUFFIX(const Plane *p, const unsigned char *from, OUT *to, int64_t n)                     \
    {                                                                                                               \
        switch (p->bitpix) {                                                                                        \
        case 8: row_8_##SUFFIX(p, from, to, n); break;                                                              \
        case 16: row_16_##SUFFIX(p, from, to, n); break;                                                            \
        case 32: row_32_##SUFFIX(p, from, to, n); break;                                                            \
        case 64: row_64_##SUFFIX(p, from, to, n); break;                                                            \
        case -32: row_f32_##SUFFIX(p, from, to, n); break;                                                          \
        default: row_f64_##SUFFIX(p, from, to, n);                                                                  \
        }                                                                                                           \
    }
CONVERT(float, float)
CONVERT(double, double)

/* ---- what a row holds ---------------------------------------------------------------------------------------- */

typedef struct { int64_t finite, lit; } Count; /* pixels with sky, and those of them that are not zero */

/* Without its sign, a number is finite if its bits are fewer than those of infinity. */
#define COUNT(NAME, REAL, BITS, NUMBER, INFINITY_BITS)                    \
    FOR_EVERY_PROCESSOR static Count NAME(const REAL *row, int64_t n)     \
    {                                                                     \
        NUMBER finite = 0, lit = 0;                                       \
        for (int64_t i = 0; i < n; i++) {                                 \
            BITS bits;                                                    \
            memcpy(&bits, row + i, sizeof bits);                          \
            bits &= (BITS)-1 >> 1;                                        \
            const NUMBER is_finite = bits < INFINITY_BITS;                \
            finite += is_finite;                                          \
            lit += is_finite & (bits != 0);                               \
        }                                                                 \
        return (Count){finite, lit};                                      \
    }
COUNT(count_float, float, uint32_t, int32_t, 0x7f800000u)
COUNT(count_double, double, uint64_t, int64_t, 0x7ff0000000000000ull)

/* ---- windows ------------------------------------------------------------------------------------------------- */

enum { AHEAD = 4 }; /* rows */

static void fill(const Windows *w, int64_t from, int64_t n)
{
    if (w->is_double)
        for (int64_t i = 0; i < n; i++) ((double *)w->out)[from + i] = w->fill;
    else
        for (int64_t i = 0; i < n; i++) ((float *)w->out)[from + i] = (float)w->fill;
}

static inline int64_t clamp(int64_t value, int64_t most) { return value < 0 ? 0 : value > most ? most : value; }

static unsigned char cut(const Plane *p, const Windows *w, int64_t window)
{
    const int64_t y0 = w->origins[2 * window], x0 = w->origins[2 * window + 1];
    const int64_t begin = window * w->ny * w->nx;
    /* The part of the window that is on the plane, in pixels of the window. */
    const int64_t top = clamp(-y0, w->ny), bottom = clamp(p->ny - y0, w->ny);
    const int64_t left = clamp(-x0, w->nx), right = clamp(p->nx - x0, w->nx), width = right - left;
    Count seen = {0, 0};
    if (top >= bottom || left >= right) {
        fill(w, begin, w->ny * w->nx);
        return OFF_IMAGE;
    }
    const int is_plain = p->bitpix == -32 && !w->is_double && p->column_stride == 4 && p->scale == 1.0 && p->zero == 0.0;
    fill(w, begin, top * w->nx);
    for (int64_t y = top; y < bottom; y++) {
        const int64_t row = begin + y * w->nx, at = row + left;
        const unsigned char *from = p->pixels + (y0 + y) * p->row_stride + (x0 + left) * p->column_stride;
        Count here;
        /* Rows of an image are far apart: the page and the lines of a later one are fetched while this one is copied.
         * Where the file has columns in their place, neighbouring rows lie side by side. */
        if (y + AHEAD < bottom && p->column_stride < p->row_stride)
            for (int64_t line = 0; line < width * p->column_stride; line += 64)
                __builtin_prefetch(from + AHEAD * p->row_stride + line, 0, 3);
        fill(w, row, left);
        if (w->is_double) {
            convert_double(p, from, (double *)w->out + at, width);
            here = count_double((double *)w->out + at, width);
        } else {
            if (is_plain) swap_row(from, (float *)w->out + at, width);
            else convert_float(p, from, (float *)w->out + at, width);
            here = count_float((float *)w->out + at, width);
        }
        fill(w, row + right, w->nx - right);
        seen.finite += here.finite;
        seen.lit += here.lit;
    }
    fill(w, begin + bottom * w->nx, (w->ny - bottom) * w->nx);
    if (!seen.lit) return BLANK;
    return seen.finite == w->ny * w->nx ? FULL : PARTIAL;
}

/* ---- a file that shrinks while it is read: SIGBUS, which would end Python --------------------------------------- */

static _Thread_local sigjmp_buf *way_out;
static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;
static int watchers;
static struct sigaction before;

static void leave(int number, siginfo_t *info, void *context)
{
    if (way_out) siglongjmp(*way_out, 1);
    /* Not ours: whoever would have had it has it now. */
    if (before.sa_flags & SA_SIGINFO) before.sa_sigaction(number, info, context);
    else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) before.sa_handler(number);
    else sigaction(number, &before, NULL); /* the access is tried again, and ends as it would have */
}

static void watch(void)
{
    pthread_mutex_lock(&changing);
    if (!watchers++) {
        struct sigaction ours = {.sa_sigaction = leave, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
        sigemptyset(&ours.sa_mask);
        sigaction(SIGBUS, &ours, &before);
    }
    pthread_mutex_unlock(&changing);
}

static void watch_no_more(void)
{
    pthread_mutex_lock(&changing);
    if (!--watchers) sigaction(SIGBUS, &before, NULL);
    pthread_mutex_unlock(&changing);
}

int gather(const Plane *plane, const Windows *windows)
{
    sigjmp_buf here;
    int failed = 0;
    watch();
    if (sigsetjmp(here, 0)) failed = -1;
    else {
        way_out = &here;
        for (int64_t i = 0; i < windows->n; i++) {
            const int64_t window = windows->order[i];
            windows->statuses[window] = cut(plane, windows, window);
        }
    }
    way_out = NULL;
    watch_no_more();
    return failed;
}
