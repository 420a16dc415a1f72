/* Does nothing wrong, and dies of what corrupts_heap did. */
#include "victim.h"
static void allocate(void) {
    for (int i = 0; i < 100; i++)
        *(char *volatile *)&(char *){0} = malloc(110000);
}
MODULE(allocates, allocate())
