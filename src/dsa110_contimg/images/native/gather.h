/* Windows cut out of a plane of pixels as FITS stores them. */
#ifndef CONTIMG_GATHER_H
#define CONTIMG_GATHER_H

#include <stdint.h>

/* The order of STATUSES in gathering.py. */
enum { FULL, PARTIAL, BLANK, OFF_IMAGE };

typedef struct {
    const unsigned char *pixels;      /* pixel (0, 0) of the plane */
    int bitpix;                       /* type of a stored pixel, as FITS names it; big-endian */
    int64_t row_stride, column_stride; /* bytes from a row to the next, and from a column to the next */
    int64_t ny, nx;                   /* shape of the plane */
    double scale, zero;               /* BSCALE and BZERO */
    int has_blank;
    int64_t blank;                    /* BLANK: the integer that stands for no pixel */
} Plane;

typedef struct {
    const int64_t *origins;  /* (y0, x0) of each window; may be negative */
    const int64_t *order;    /* (n) which windows to cut, the first one first */
    int64_t n, ny, nx;       /* how many to cut, and the shape of each */
    double fill;             /* what stands beyond the edge of the plane */
    void *out;               /* (n, ny, nx), native floats */
    int is_double;           /* of 64 bits, and not of 32 */
    unsigned char *statuses; /* (n) */
} Windows;

/* Cut every window; return 0, or -1 where the file behind the pixels has become too short to be read. */
int gather(const Plane *plane, const Windows *windows);

#endif
