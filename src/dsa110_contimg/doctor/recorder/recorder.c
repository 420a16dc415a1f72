/* The recorder: writes down how a process dies, from inside it, without any help of Python.
 *
 * It is loaded ahead of everything by LD_PRELOAD and then also sees to it that no library takes the place of its
 * handlers, or it is loaded later through ctypes and then only watches. What it writes is told in record.h.
 *
 * Inside a signal handler only what POSIX calls async-signal-safe may be used; where a step could fault itself
 * (unwinding a broken stack, asking a broken interpreter), the fault ends that step and the next one goes on. */
#include "recorder.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define ALT_STACK_BYTES (512 << 10)
#define TRACE 200 /* the descriptor that the witness told faulthandler; open only while it writes */

static const int FATAL[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};
#define N_FATAL (sizeof FATAL / sizeof *FATAL)

char *memory;
pid_t owner;
int is_preloaded;
void *alt_stack;
struct sigaction next[NSIG];
dump_function dump;
void (*teller)(int);

static char trace_path[4096];
static volatile int handed_on;      /* the signal whose other handler is at work */
static volatile pid_t recording;    /* the thread that is writing, whose own faults end a step */
static sigjmp_buf escape;

int is_watched(int number) {
    if (memory == NULL || getpid() != owner)
        return 0;
    for (size_t i = 0; i < N_FATAL; i++)
        if (FATAL[i] == number)
            return 1;
    return number == SIGQUIT;
}

sigaction_function find_sigaction(void) {
    static sigaction_function real;
    if (real == NULL)
        real = (sigaction_function)dlsym(RTLD_NEXT, "sigaction");
    return real;
}

/* ------------------------------------------------------------------ what is written */

static void dump_python(void) {
    int file = open(trace_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return;
    if (dump != NULL)
        (void)dump(file, NULL, NULL);
    else if (teller != NULL && dup2(file, TRACE) == TRACE) {
        teller(SIGQUIT);
        close(TRACE);
    }
    close(file);
}

/* Do one step; a fault in it comes back here. The body must be able to stop anywhere. */
#define ATTEMPT(event, step, body)                                                                                     \
    do {                                                                                                               \
        if (sigsetjmp(escape, 1) == 0) {                                                                               \
            body;                                                                                                      \
            (event)->steps |= (step);                                                                                  \
        }                                                                                                              \
    } while (0)

/* Take the right to record; another thread that dies at the same time waits, but not for ever. */
static int begin_recording(void) {
    pid_t none = 0;
    for (int tries = 0; tries < 200; tries++) {
        none = 0;
        if (__atomic_compare_exchange_n(&recording, &none, thread_number(), 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return 1;
        struct timespec pause = {0, 10000000};
        nanosleep(&pause, NULL);
    }
    return 0;
}

static void end_recording(void) { __atomic_store_n(&recording, 0, __ATOMIC_RELEASE); }

static void record_fault(int number, siginfo_t *info, ucontext_t *context) {
    struct event *event = (struct event *)(memory + AT_FAULT);
    char *maps = memory + AT_FAULT_MAPS;
    if (!begin_recording())
        return;
    event->steps = 0;
    event->count++;
    event->number = (uint64_t)number;
    event->code = (uint64_t)(int64_t)info->si_code;
    event->address = (uint64_t)info->si_addr;
    event->sender = info->si_code <= 0 ? (uint64_t)info->si_pid : 0;
    event->stack_length = event->maps_length = 0;
    note_registers(&event->stack, context);
    event->steps |= STEP_SIGNAL;
    ATTEMPT(event, STEP_MAPS, event->maps_length = copy_file("/proc/self/maps", maps, MAPS_BYTES));
    ATTEMPT(event, STEP_FRAMES, note_frames(&event->stack, context, maps, event->maps_length));
    ATTEMPT(event, STEP_STACK, note_stack(event, memory + AT_STACK));
    ATTEMPT(event, STEP_PYTHON, dump_python());
    end_recording();
}

void record_leave(int code, uint64_t caller) {
    struct event *event;
    int saved = errno;
    if (memory == NULL || getpid() != owner || recording == thread_number() || !begin_recording())
        return;
    event = (struct event *)(memory + AT_LEAVE);
    event->steps = 0;
    event->count++;
    event->number = (uint64_t)(int64_t)code;
    event->steps |= STEP_SIGNAL;
    ATTEMPT(event, STEP_MAPS, event->maps_length = copy_file("/proc/self/maps", memory + AT_LEAVE_MAPS, MAPS_BYTES));
    ATTEMPT(event, STEP_FRAMES, note_callers(&event->stack, caller));
    if (((struct header *)memory)->slots == 0) /* what was told in answer to a question stays */
        ATTEMPT(event, STEP_PYTHON, dump_python());
    end_recording();
    errno = saved;
}

/* ------------------------------------------------------------------ the handlers */

static void die(int number) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    find_sigaction()(number, &standard, NULL);
    syscall(SYS_tgkill, getpid(), thread_number(), number);
}

/* Hand a signal on to the handler that the process believes to have. */
static void hand_on(int number, siginfo_t *info, void *context) {
    struct sigaction believed = next[number];
    int is_fault = info->si_code > 0 && (number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE);
    if (believed.sa_flags & SA_RESETHAND)
        next[number] = (struct sigaction){.sa_handler = SIG_DFL};
    handed_on = number;
    if (believed.sa_flags & SA_SIGINFO)
        believed.sa_sigaction(number, info, context);
    else if (believed.sa_handler == SIG_DFL || (believed.sa_handler == SIG_IGN && is_fault)) {
        struct sigaction standard = {.sa_handler = SIG_DFL};
        if (!is_fault)
            die(number);
        find_sigaction()(number, &standard, NULL); /* the instruction faults again, now for good */
    } else if (believed.sa_handler != SIG_IGN)
        believed.sa_handler(number);
    handed_on = 0;
}

static void on_fault(int number, siginfo_t *info, void *context) {
    int saved = errno;
    if (getpid() == owner) {
        if (recording == thread_number())
            siglongjmp(escape, 1);
        /* A handler that has done its work often raises the signal again, to die of it: that is not where it died. */
        if (handed_on != number || info->si_code != SI_TKILL || info->si_pid != owner)
            record_fault(number, info, context);
    }
    errno = saved;
    hand_on(number, info, context);
}

/* The question of a parent that takes us to hang: each thread that it asks tells its stack in a slot of its own. */
static void on_question(int number, siginfo_t *info, void *context) {
    int saved = errno;
    if (getpid() != owner) {
        hand_on(number, info, context);
        return;
    }
    uint64_t slot = __atomic_fetch_add(&((struct header *)memory)->slots, 1, __ATOMIC_ACQ_REL);
    if (slot < MOST_SLOTS && recording != thread_number() && begin_recording()) {
        struct event *event = (struct event *)(memory + AT_SLOTS + slot * SLOT_BYTES);
        note_registers(&event->stack, context);
        event->steps |= STEP_SIGNAL;
        ATTEMPT(event, STEP_FRAMES, note_frames(&event->stack, context, NULL, 0));
        if (slot == 0)
            ATTEMPT(event, STEP_PYTHON, dump_python());
        event->count = 1; /* last: this slot is whole */
        end_recording();
    }
    errno = saved;
}

_Static_assert(sizeof(struct event) <= SLOT_BYTES, "a slot holds an event");

/* ------------------------------------------------------------------ the beginning */

static int start(const char *record, const char *trace, int mode) {
    struct header *header;
    stack_t alternative = {.ss_size = ALT_STACK_BYTES};
    if (memory != NULL || strlen(trace) >= sizeof trace_path || find_sigaction() == NULL)
        return 1;
    int file = open(record, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return 1;
    void *mapped = ftruncate(file, FILE_BYTES) ? MAP_FAILED
                                               : mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped == MAP_FAILED)
        return 1;
    strcpy(trace_path, trace);
    dump = (dump_function)dlsym(RTLD_DEFAULT, "_Py_DumpTracebackThreads");
    owner = getpid();
    is_preloaded = mode == MODE_PRELOAD;
    header = mapped;
    header->owner = (uint64_t)owner;
    header->mode = (uint64_t)mode;
    header->has_dump = dump != NULL;
    alternative.ss_sp = mmap(NULL, ALT_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (alternative.ss_sp != MAP_FAILED && syscall(SYS_sigaltstack, &alternative, NULL) == 0)
        alt_stack = alternative.ss_sp;
    for (size_t i = 0; i <= N_FATAL; i++) {
        int number = i < N_FATAL ? FATAL[i] : SIGQUIT;
        struct sigaction ours = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
        ours.sa_sigaction = i < N_FATAL ? on_fault : on_question;
        if (i < N_FATAL)
            ours.sa_flags |= SA_NODEFER; /* so that a fault while recording comes to us too */
        find_sigaction()(number, &ours, &next[number]);
    }
    if (dump == NULL && mode == MODE_CTYPES && !(next[SIGQUIT].sa_flags & SA_SIGINFO))
        teller = next[SIGQUIT].sa_handler == SIG_DFL ? NULL : next[SIGQUIT].sa_handler;
    memcpy(header->magic, MAGIC, sizeof header->magic); /* last: from here on the reader may trust it */
    memory = mapped;
    return 0;
}

PUBLIC int import_doctor_start(const char *record, const char *trace) { return start(record, trace, MODE_CTYPES); }

__attribute__((constructor)) static void start_by_environment(void) {
    const char *record = getenv("IMPORT_DOCTOR_RECORD"), *trace = getenv("IMPORT_DOCTOR_TRACE");
    const char *preload = getenv("IMPORT_DOCTOR_PRELOAD");
    if (record == NULL || trace == NULL || preload == NULL)
        return;
    start(record, trace, MODE_PRELOAD);
    /* The target finds the environment that its user gave it, and its children are not recorded. */
    if (*preload)
        setenv("LD_PRELOAD", preload, 1);
    else
        unsetenv("LD_PRELOAD");
    unsetenv("IMPORT_DOCTOR_RECORD");
    unsetenv("IMPORT_DOCTOR_TRACE");
    unsetenv("IMPORT_DOCTOR_PRELOAD");
}
