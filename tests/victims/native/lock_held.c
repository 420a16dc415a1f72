/* A lock that another thread took and keeps. */
#include "victim.h"
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *keep(void *nothing) {
    pthread_mutex_lock(&lock);
    for (;;)
        pause();
    return nothing;
}
static void wait_for_ever(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, keep, NULL);
    usleep(100000);
    pthread_mutex_lock(&lock);
}
MODULE(lock_held, wait_for_ever())
