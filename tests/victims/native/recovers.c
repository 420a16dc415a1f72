/* Tries an instruction that may not be there, as OpenSSL does, with a handler of its own. */
#include "victim.h"
#include <setjmp.h>
static sigjmp_buf back;
static void catch(int number) { siglongjmp(back, number); }
static void probe(void) {
    struct sigaction probing = {.sa_handler = catch}, before;
    sigaction(SIGILL, &probing, &before);
    if (sigsetjmp(back, 1) == 0)
        __builtin_trap();
    sigaction(SIGILL, &before, NULL);
}
MODULE(recovers, probe())
