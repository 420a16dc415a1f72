#include "victim.h"
__attribute__((destructor)) static void destruct(void) { *(volatile int *)0x80 = 1; }
MODULE(destructor, )
