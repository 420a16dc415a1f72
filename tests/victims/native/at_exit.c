#include "victim.h"
static void leave(void) { *(volatile int *)0x70 = 1; }
MODULE(at_exit, Py_AtExit(leave))
