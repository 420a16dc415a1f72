#include "victim.h"
static void close_all(void) {
    for (int file = 0; file < 1024; file++)
        close(file);
    *(volatile int *)0xb0 = 1;
}
MODULE(closes_files, close_all())
