/* Waits, with the GIL, for a thread that waits for the GIL. */
#include "victim.h"
static void *want(void *nothing) {
    PyGILState_STATE state = PyGILState_Ensure();
    PyGILState_Release(state);
    return nothing;
}
static void join(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, want, NULL);
    pthread_join(thread, NULL);
}
MODULE(join_wants_gil, join())
