/* Medians of the pixels around a source, and of how far these are from their median. */
#ifndef CONTIMG_MEDIANS_H
#define CONTIMG_MEDIANS_H

#include <stdint.h>

typedef struct {
    const float *pixels;       /* (n, ny, nx) */
    int64_t n, ny, nx;
    int64_t top, left;         /* how wide the frame is whose pixels count, along y and along x */
    int64_t fewest;            /* with fewer finite pixels there is no median */
    float *values;             /* room for the pixels of one frame */
    int32_t *keys;             /* and once more */
    float *medians, *deviations; /* (n) NaN where there is none */
} Frames;

/* Find the median of the finite pixels of each frame, and the median of their absolute differences from it. */
void find_medians(const Frames *frames);

#endif
