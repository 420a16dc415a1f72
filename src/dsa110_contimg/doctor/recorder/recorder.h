/* What the parts of the recorder share. */
#ifndef IMPORT_DOCTOR_RECORDER_H
#define IMPORT_DOCTOR_RECORDER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "record.h"

#define PUBLIC __attribute__((visibility("default")))

typedef int (*sigaction_function)(int, const struct sigaction *, struct sigaction *);
typedef const char *(*dump_function)(int, void *, void *);

extern char *memory; /* the mapped record; NULL until the recorder is at work */
extern pid_t owner;
extern int is_preloaded;
extern void *alt_stack;
extern struct sigaction next[NSIG]; /* what the process believes to be its handlers */
extern dump_function dump;          /* Python's function that writes the tracebacks of all threads, where it is to be had */
extern void (*teller)(int);         /* where it is not: what faulthandler put on SIGQUIT, which writes to TRACE */

static inline pid_t thread_number(void) { return (pid_t)syscall(SYS_gettid); }

/* recorder.c */
int is_watched(int number);
sigaction_function find_sigaction(void);
void record_leave(int code, uint64_t caller);

/* stacks.c */
uint64_t copy_file(const char *path, char *to, uint64_t room);
void note_registers(struct stack *stack, const ucontext_t *context);
void note_frames(struct stack *stack, ucontext_t *context, const char *maps, uint64_t length);
void note_callers(struct stack *stack, uint64_t caller);
void note_stack(struct event *event, char *room);

#endif
