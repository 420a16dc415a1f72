/* Rice-coded tiles of FITS images, and floats that were quantised before they were coded. */
#ifndef CONTIMG_RICE_H
#define CONTIMG_RICE_H

#include <stddef.h>
#include <stdint.h>

/* Decode the first n pixels of a tile into `out`, n integers of `bytepix` (1, 2 or 4) bytes.
 * Return 0, or -1 where the bytes are no such tile: whatever they are, only `bytes[0..size)` is read. */
int decode_rice(const unsigned char *bytes, size_t size, int bytepix, int64_t block, int64_t n, void *out);

typedef struct {
    double scale, zero;  /* ZSCALE and ZZERO of the tile */
    int has_blank;
    int32_t blank;       /* ZBLANK: the code that stands for NaN */
    int dither;          /* 0 none, 1 or 2: SUBTRACTIVE_DITHER_n */
    int64_t seed;        /* number of the tile, from zero, plus ZDITHER0 - 1; not negative */
} Quantisation;

/* Fill the table of random numbers; not thread-safe. */
void prepare_dither(void);

/* Make floats of codes [first, stop) of a tile; both arrays begin at the tile's first pixel. */
void dequantise(const Quantisation *how, const int32_t *codes, int64_t first, int64_t stop, void *out, int is_double);

#endif
