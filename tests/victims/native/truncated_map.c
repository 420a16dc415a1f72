#include "victim.h"
static void read_beyond(void) {
    FILE *file = tmpfile();
    volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0);
    (void)page[0x10];
}
MODULE(truncated_map, read_beyond())
