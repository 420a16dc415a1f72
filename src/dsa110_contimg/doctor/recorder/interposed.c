/* In place of the C library's functions, when the recorder is loaded ahead of everything.
 *
 * A library that sets handlers for fatal signals believes that it did, but ours stay outermost; and a call that ends the
 * process is written down before it does. */
#include "recorder.h"

#include <dlfcn.h>

PUBLIC int sigaction(int number, const struct sigaction *action, struct sigaction *old) {
    if (!is_preloaded || !is_watched(number))
        return find_sigaction()(number, action, old);
    struct sigaction believed = next[number];
    if (old != NULL)
        *old = believed;
    if (action != NULL && number == SIGQUIT && dump == NULL && teller == NULL)
        teller = action->sa_handler; /* the witness, which comes before the target */
    else if (action != NULL)
        next[number] = *action;
    return 0;
}

static sighandler_t set_handler(int number, sighandler_t handler, int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, &old) ? SIG_ERR : old.sa_handler;
}

PUBLIC sighandler_t signal(int number, sighandler_t handler) { return set_handler(number, handler, SA_RESTART); }

PUBLIC sighandler_t bsd_signal(int number, sighandler_t handler) { return set_handler(number, handler, SA_RESTART); }

PUBLIC sighandler_t sysv_signal(int number, sighandler_t handler) {
    return set_handler(number, handler, SA_RESETHAND | SA_NODEFER);
}

PUBLIC sighandler_t __sysv_signal(int number, sighandler_t handler) {
    return set_handler(number, handler, SA_RESETHAND | SA_NODEFER);
}

/* A smaller alternative stack, such as faulthandler's, would not hold our handler. */
PUBLIC int sigaltstack(const stack_t *stack, stack_t *old) {
    if (is_preloaded && alt_stack != NULL && stack != NULL && getpid() == owner && thread_number() == owner) {
        if (old != NULL)
            *old = (stack_t){.ss_flags = SS_DISABLE};
        return 0;
    }
    return (int)syscall(SYS_sigaltstack, stack, old);
}

#define CALLER ((uint64_t)(uintptr_t)__builtin_return_address(0))

PUBLIC __attribute__((noreturn)) void _exit(int code) {
    if (is_preloaded)
        record_leave(code, CALLER);
    for (;;)
        syscall(SYS_exit_group, code);
}

PUBLIC __attribute__((noreturn)) void _Exit(int code) {
    if (is_preloaded)
        record_leave(code, CALLER);
    for (;;)
        syscall(SYS_exit_group, code);
}

PUBLIC __attribute__((noreturn)) void exit(int code) {
    void (*real)(int) = (void (*)(int))dlsym(RTLD_NEXT, "exit");
    if (is_preloaded)
        record_leave(code, CALLER);
    real(code);
    __builtin_unreachable();
}

PUBLIC __attribute__((noreturn)) void quick_exit(int code) {
    void (*real)(int) = (void (*)(int))dlsym(RTLD_NEXT, "quick_exit");
    if (is_preloaded)
        record_leave(code, CALLER);
    real(code);
    __builtin_unreachable();
}
