/* Medians without sorting: pixels are counted below a pivot, some thousand at once, until the pivot is the median.
 *
 * qa/photometry/local_noise.py says the same in numpy; the tests hold the one against the other.
 */
#include "medians.h"

#include <math.h>
#include <string.h>

#include "processors.h"

/* ---- floats as integers in the same order, which compilers compare many at once -------------------------------- */

static inline int32_t flip(int32_t bits) { return bits ^ ((bits >> 31) & 0x7fffffff); }
static inline int32_t to_key(float value) { int32_t bits; memcpy(&bits, &value, 4); return flip(bits); }
static inline float to_value(int32_t key) { float value; key = flip(key); memcpy(&value, &key, 4); return value; }

FOR_EVERY_PROCESSOR static int64_t count_up_to(const int32_t *keys, int64_t n, int32_t pivot)
{
    int32_t count = 0;
    for (int64_t i = 0; i < n; i++) count += keys[i] <= pivot;
    return count;
}

/* Return the lowest key above the pivot. As unsigned distances above it, those that are not come last. */
FOR_EVERY_PROCESSOR static int32_t find_next(const int32_t *keys, int64_t n, int32_t pivot)
{
    const uint32_t first = (uint32_t)pivot + 1u;
    uint32_t least = UINT32_MAX;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t distance = (uint32_t)keys[i] - first;
        least = distance < least ? distance : least;
    }
    return (int32_t)(first + least);
}

/* ---- selection ------------------------------------------------------------------------------------------------- */

enum { SAMPLE = 33, NEAR = 5, FEW = 3 };

/* The one of rank k, counted from 0, is above `low`, up to which there are `n_low`, and not above `high`. */
typedef struct {
    int32_t low, high;
    int64_t n_low, n_high;
} Bracket;

static void try_pivot(Bracket *b, const int32_t *keys, int64_t n, int64_t k, int32_t pivot)
{
    if (pivot <= b->low || pivot >= b->high) return;
    const int64_t count = count_up_to(keys, n, pivot);
    if (count <= k) b->low = pivot, b->n_low = count;
    else b->high = pivot, b->n_high = count;
}

/* Begin with two of a small sample, between which the wanted one most probably is. */
static void try_sample(Bracket *b, const int32_t *keys, int64_t n, int64_t k)
{
    int32_t sample[SAMPLE];
    if (n < 4 * SAMPLE) return;
    for (int i = 0; i < SAMPLE; i++) {
        const int32_t key = keys[i * (n - 1) / (SAMPLE - 1)];
        int at = i;
        for (; at > 0 && sample[at - 1] > key; at--) sample[at] = sample[at - 1];
        sample[at] = key;
    }
    const int middle = (int)(k * SAMPLE / n);
    try_pivot(b, keys, n, k, sample[middle > NEAR ? middle - NEAR : 0]);
    try_pivot(b, keys, n, k, sample[middle + NEAR < SAMPLE ? middle + NEAR : SAMPLE - 1]);
}

/* Return the key of rank k, and how many there are up to it. */
static int32_t select_key(const int32_t *keys, int64_t n, int64_t k, int64_t *count)
{
    Bracket b = {INT32_MIN, INT32_MAX, 0, n};
    try_sample(&b, keys, n, k);
    for (int turn = 0; k - b.n_low > FEW && (int64_t)b.high - b.low > 1; turn++) {
        const float low = to_value(b.low), high = to_value(b.high);
        const float part = ((float)(k - b.n_low) - 0.5f) / (float)(b.n_high - b.n_low);
        /* Where the pixels lie evenly, that is all but the wanted one; halving the keys ends always. */
        const int32_t halfway = (int32_t)(((int64_t)b.low + b.high) >> 1);
        int32_t pivot = turn % 3 == 2 ? halfway : to_key(low + part * (high - low));
        if (pivot <= b.low || pivot >= b.high) pivot = halfway;
        try_pivot(&b, keys, n, k, pivot);
    }
    for (;;) {
        b.low = find_next(keys, n, b.low);
        *count = count_up_to(keys, n, b.low);
        if (*count > k) return b.low;
    }
}

static float find_median(const int32_t *keys, int64_t n)
{
    int64_t count;
    const int64_t k = (n - 1) / 2;
    const int32_t key = select_key(keys, n, k, &count);
    if (n % 2) return to_value(key);
    return (to_value(key) + to_value(count > k + 1 ? key : find_next(keys, n, key))) / 2.0f;
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

static inline int is_finite(float value)
{
    int32_t bits;
    memcpy(&bits, &value, 4);
    return (bits & 0x7fffffff) < 0x7f800000;
}

FOR_EVERY_PROCESSOR static int64_t count_finite(const float *values, int64_t n)
{
    int32_t count = 0;
    for (int64_t i = 0; i < n; i++) count += is_finite(values[i]);
    return count;
}

static int64_t take_frame(const Frames *f, int64_t window)
{
    const float *row = f->pixels + window * f->ny * f->nx;
    int64_t taken = 0, finite = 0;
    for (int64_t y = 0; y < f->ny; y++, row += f->nx) {
        const int is_beside = y >= f->top && y < f->ny - f->top;
        const int64_t width = is_beside ? f->left : f->nx;
        memcpy(f->values + taken, row, width * sizeof *row);
        taken += width;
        if (!is_beside) continue;
        memcpy(f->values + taken, row + f->nx - width, width * sizeof *row);
        taken += width;
    }
    if (count_finite(f->values, taken) == taken) return taken;
    for (int64_t i = 0; i < taken; i++)
        if (is_finite(f->values[i])) f->values[finite++] = f->values[i];
    return finite;
}

FOR_EVERY_PROCESSOR static void make_keys(int32_t *keys, const float *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++) keys[i] = to_key(values[i]);
}

FOR_EVERY_PROCESSOR static void make_distance_keys(int32_t *keys, const float *values, int64_t n, float from)
{
    for (int64_t i = 0; i < n; i++) keys[i] = to_key(fabsf(values[i] - from));
}

void find_medians(const Frames *f)
{
    for (int64_t window = 0; window < f->n; window++) {
        const int64_t n = take_frame(f, window);
        f->medians[window] = f->deviations[window] = NAN;
        if (n < f->fewest) continue;
        make_keys(f->keys, f->values, n);
        const float median = f->medians[window] = find_median(f->keys, n);
        make_distance_keys(f->keys, f->values, n, median);
        f->deviations[window] = find_median(f->keys, n);
    }
}
