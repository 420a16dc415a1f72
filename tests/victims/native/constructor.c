#include "victim.h"
__attribute__((constructor)) static void construct(void) { *(volatile int *)0x30 = 1; }
MODULE(constructor, )
