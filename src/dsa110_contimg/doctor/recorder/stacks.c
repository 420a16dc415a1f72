/* Stacks: the frames of a thread, its registers and the bytes that they lie in.
 *
 * Everything here may run inside a signal handler, in a process that is dying. */
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/uio.h>
#include <unwind.h>

#define DEEPEST 400000 /* frames that are walked, at most, of a stack that overflowed */

uint64_t copy_file(const char *path, char *to, uint64_t room) {
    uint64_t length = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    while (length < room) {
        ssize_t n = read(file, to + length, room - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        length += (uint64_t)n;
    }
    close(file);
    return length;
}

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static const char *read_hex(const char *text, const char *end, uint64_t *value) {
    for (*value = 0; text < end && hex_digit(*text) >= 0; text++)
        *value = *value << 4 | (uint64_t)hex_digit(*text);
    return text;
}

/* Return whether code can run at an address, by the memory map that was copied. */
static int is_executable(uint64_t address, const char *maps, uint64_t length) {
    const char *end = maps + length;
    while (maps < end) {
        uint64_t from, to;
        const char *line = read_hex(maps, end, &from);
        line = read_hex(line + 1, end, &to);
        if (from <= address && address < to)
            return line + 4 <= end && line[3] == 'x';
        maps = memchr(maps, '\n', (size_t)(end - maps));
        if (maps++ == NULL)
            break;
    }
    return 0;
}

struct walk {
    struct stack *stack;
    uint64_t from; /* the address at which to begin; the frames before it are ours */
    int has_begun;
};

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *argument) {
    struct walk *walk = argument;
    struct stack *stack = walk->stack;
    uint64_t address = (uint64_t)_Unwind_GetIP(context);
    if (!walk->has_begun && address != walk->from)
        return _URC_NO_REASON;
    walk->has_begun = 1;
    if (address == 0)
        return _URC_END_OF_STACK;
    if (stack->n_frames < MOST_FRAMES)
        stack->frames[stack->n_frames++] = address;
    else if (stack->n_outer < MOST_FRAMES)
        stack->outer[stack->n_outer++] = address;
    else {
        stack->outer[stack->first_outer] = address;
        stack->first_outer = (stack->first_outer + 1) % MOST_FRAMES;
    }
    return ++stack->depth < DEEPEST ? _URC_NO_REASON : _URC_END_OF_STACK;
}

#if defined(__x86_64__)
#define PC(context) (context)->uc_mcontext.gregs[REG_RIP]
#define SP(context) (context)->uc_mcontext.gregs[REG_RSP]
#elif defined(__aarch64__)
#define PC(context) (context)->uc_mcontext.pc
#define SP(context) (context)->uc_mcontext.sp
#else
#error "The recorder knows the registers of x86-64 and aarch64."
#endif

void note_registers(struct stack *stack, const ucontext_t *context) {
    memset(stack, 0, sizeof *stack);
    stack->thread = (uint64_t)thread_number();
    stack->ident = (uint64_t)pthread_self();
    stack->pc = (uint64_t)PC(context);
    stack->sp = (uint64_t)SP(context);
#if defined(__x86_64__)
    stack->n_registers = NGREG;
    for (int i = 0; i < NGREG; i++)
        stack->registers[i] = (uint64_t)context->uc_mcontext.gregs[i];
#else
    stack->n_registers = 33;
    memcpy(stack->registers, context->uc_mcontext.regs, 31 * sizeof(uint64_t));
    stack->registers[31] = context->uc_mcontext.sp;
    stack->registers[32] = context->uc_mcontext.pc;
#endif
}

/* Note the frames from the interrupted instruction outwards. After a jump to where no code is, there is no telling
 * how that "function" keeps its stack: the walk then begins at its caller, as if the call had returned. */
void note_frames(struct stack *stack, ucontext_t *context, const char *maps, uint64_t length) {
    struct walk walk = {stack, stack->pc, 0};
    ucontext_t before = *context;
    if (length && !is_executable(stack->pc, maps, length)) {
        stack->frames[stack->n_frames++] = stack->pc;
        stack->depth = 1;
#if defined(__x86_64__)
        PC(context) = *(greg_t *)SP(context);
        SP(context) += 8;
#else
        PC(context) = context->uc_mcontext.regs[30];
#endif
        walk.from = (uint64_t)PC(context);
    }
    _Unwind_Backtrace(note_frame, &walk);
    *context = before;
    if (stack->n_frames == 0) {
        stack->frames[stack->n_frames++] = stack->pc;
        stack->depth = 1;
    }
}

void note_stack(struct event *event, char *room) {
    struct iovec to = {room, STACK_BYTES}, from = {(void *)(uintptr_t)event->stack.sp, STACK_BYTES};
    ssize_t n = process_vm_readv(getpid(), &to, 1, &from, 1, 0); /* stops where a copy would fault */
    event->stack_length = n > 0 ? (uint64_t)n : 0;
}

void note_callers(struct stack *stack, uint64_t caller) {
    struct walk walk = {stack, caller, 0};
    memset(stack, 0, sizeof *stack);
    stack->thread = (uint64_t)thread_number();
    stack->ident = (uint64_t)pthread_self();
    _Unwind_Backtrace(note_frame, &walk);
}
