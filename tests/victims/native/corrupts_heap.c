/* Writes behind the end of what it allocated; nothing happens yet. */
#include "victim.h"
static void overrun(void) {
    char *volatile block = NULL;
    for (int i = 0; i < 100; i++)
        block = malloc(60000); /* the last one is cut from the top of the heap, whose size stands behind it */
    memset(block + 60000, 0x7f, 16);
}
MODULE(corrupts_heap, overrun())
