#include "victim.h"
static void *die(void *nothing) {
    *(volatile int *)0x90 = 1;
    return nothing;
}
static void begin(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, die, NULL);
    sleep(5);
}
MODULE(dies_in_thread, begin())
