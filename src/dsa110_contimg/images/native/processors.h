/* One function compiled for several processors, of which the best is taken when the library is loaded. */
#ifndef CONTIMG_PROCESSORS_H
#define CONTIMG_PROCESSORS_H

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_EVERY_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EVERY_PROCESSOR
#endif

#endif
