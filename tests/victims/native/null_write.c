#include "victim.h"
MODULE(null_write, *(volatile int *)0x20 = 1)
