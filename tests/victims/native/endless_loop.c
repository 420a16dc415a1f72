#include "victim.h"
static void spin(void) {
    for (volatile unsigned long turn = 0;; turn++)
        ;
}
MODULE(endless_loop, spin())
