/* Rice decoding that stops at the last pixel that is needed, and dequantisation, to the bit as CFITSIO does them.
 *
 * Pence et al. 2009, PASP 121, 414, and the FITS standard 4.0, section 10. A tile begins with its first pixel as it is;
 * then each block of pixels has the number of low bits + 1, and each pixel its difference from the one before: the high
 * part in unary, the low bits as they are. Pixels are unsigned here, so that sums wrap as they should.
 */
#include "rice.h"

#include <math.h>
#include <string.h>

/* ---- bits ---------------------------------------------------------------------------------------------------- */

typedef struct {
    const unsigned char *at, *end; /* bytes that are not in `bits` yet */
    uint64_t bits;                 /* the next bits, the first of them highest */
    int n;                         /* how many of them count; at most 63 */
} Bits;

static inline void refill(Bits *b)
{
    if (b->end - b->at >= 8) {
        uint64_t next = 0;
        memcpy(&next, b->at, 8);
        b->bits |= __builtin_bswap64(next) >> b->n;
        b->at += (63 - b->n) >> 3;
        b->n |= 56;
        return;
    }
    /* What the fast way read ahead is read again, and is the same. */
    for (; b->n <= 55 && b->at < b->end; b->n += 8) b->bits |= (uint64_t)*b->at++ << (56 - b->n);
}

static inline void drop(Bits *b, int k) { b->bits <<= k, b->n -= k; }

/* Take k (at most 32) bits; the caller has seen that they are there. */
static inline uint32_t take(Bits *b, int k)
{
    const uint32_t value = (uint32_t)((b->bits >> 1) >> (63 - k));
    drop(b, k);
    return value;
}

/* Count zeros up to the next one, and pass it; -1 at the end of the bytes. */
static inline int64_t count_zeros(Bits *b)
{
    int64_t zeros = 0;
    for (;;) {
        const int here = b->bits ? __builtin_clzll(b->bits) : 64;
        if (here < b->n) {
            drop(b, here + 1);
            return zeros + here;
        }
        zeros += b->n;
        drop(b, b->n);
        refill(b);
        if (!b->n) return -1;
    }
}

/* ---- tiles --------------------------------------------------------------------------------------------------- */

#define DECODE(TYPE, LENGTH_BITS, MOST)                                                                             \
    static int decode_##TYPE(Bits *b, uint32_t last, int64_t block, int64_t n, TYPE *out)                           \
    {                                                                                                               \
        for (int64_t i = 0; i < n;) {                                                                               \
            const int64_t stop = n - i < block ? n : i + block;                                                     \
            refill(b);                                                                                              \
            if (b->n < LENGTH_BITS) return -1;                                                                      \
            const int low = (int)take(b, LENGTH_BITS) - 1;                                                          \
            if (low > MOST) return -1;                                                                              \
            if (low < 0) {                                                                                          \
                for (; i < stop; i++) out[i] = (TYPE)last;                                                          \
                continue;                                                                                           \
            }                                                                                                       \
            for (; i < stop; i++) {                                                                                 \
                uint32_t difference;                                                                                \
                refill(b);                                                                                          \
                if (low == MOST) {                                                                                  \
                    if (b->n < 8 * (int)sizeof(TYPE)) return -1;                                                    \
                    difference = take(b, 8 * (int)sizeof(TYPE));                                                    \
                } else {                                                                                            \
                    const int64_t high = count_zeros(b);                                                            \
                    if (b->n < low) refill(b);                                                                      \
                    if (high < 0 || b->n < low) return -1;                                                          \
                    difference = ((uint32_t)high << low) | take(b, low);                                            \
                }                                                                                                   \
                last += difference & 1 ? ~(difference >> 1) : difference >> 1;                                      \
                out[i] = (TYPE)last;                                                                                \
            }                                                                                                       \
        }                                                                                                           \
        return 0;                                                                                                   \
    }
DECODE(uint8_t, 3, 6)
DECODE(uint16_t, 4, 14)
DECODE(uint32_t, 5, 25)

int decode_rice(const unsigned char *bytes, size_t size, int bytepix, int64_t block, int64_t n, void *out)
{
    uint32_t first = 0;
    if (size < (size_t)bytepix || block < 1) return -1;
    for (int i = 0; i < bytepix; i++) first = first << 8 | bytes[i];
    Bits b = {bytes + bytepix, bytes + size, 0, 0};
    if (bytepix == 1) return decode_uint8_t(&b, first, block, n, out);
    if (bytepix == 2) return decode_uint16_t(&b, first, block, n, out);
    return decode_uint32_t(&b, first, block, n, out);
}

/* ---- quantised floats ---------------------------------------------------------------------------------------- */

enum { N_RANDOM = 10000 };
static const int32_t ZERO_CODE = -2147483646; /* SUBTRACTIVE_DITHER_2: a pixel that is exactly zero */

static float random_numbers[N_RANDOM];
static int is_prepared;

void prepare_dither(void)
{
    int64_t seed = 1; /* Park & Miller 1988, Communications of the ACM 31, 1192 */
    if (is_prepared) return;
    for (int i = 0; i < N_RANDOM; i++) {
        seed = seed * 16807 % 2147483647;
        random_numbers[i] = (float)((double)seed / 2147483647.0);
    }
    is_prepared = 1;
}

static inline double restore(const Quantisation *how, int32_t code, double dithered)
{
    if (how->has_blank && code == how->blank) return NAN;
    if (how->dither == 2 && code == ZERO_CODE) return 0.0;
    return dithered * how->scale + how->zero;
}

static inline void put(void *out, int is_double, int64_t i, double value)
{
    if (is_double) ((double *)out)[i] = value;
    else ((float *)out)[i] = (float)value;
}

void dequantise(const Quantisation *how, const int32_t *codes, int64_t first, int64_t stop, void *out, int is_double)
{
    if (!how->dither) {
        for (int64_t i = first; i < stop; i++) put(out, is_double, i, restore(how, codes[i], (double)codes[i]));
        return;
    }
    /* The numbers are taken from a place that a number of the table names, to the table's end, and again. */
    int64_t begin = 0;
    for (int seed = (int)(how->seed % N_RANDOM); begin < stop; seed = (seed + 1) % N_RANDOM) {
        const int64_t offset = (int)(random_numbers[seed] * 500), end = begin + N_RANDOM - offset;
        const float *number = random_numbers + offset;
        const int64_t last = end < stop ? end : stop;
        for (int64_t i = first > begin ? first : begin; i < last; i++)
            put(out, is_double, i, restore(how, codes[i], (double)codes[i] - number[i - begin] + 0.5));
        begin = end;
    }
}
