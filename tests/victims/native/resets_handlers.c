#include "victim.h"
static void reset(void) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < 32; number++)
        sigaction(number, &standard, NULL);
    signal(SIGSEGV, SIG_DFL);
    *(volatile int *)0xa0 = 1;
}
MODULE(resets_handlers, reset())
