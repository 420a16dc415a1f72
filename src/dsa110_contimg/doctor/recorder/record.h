/* What the recorder writes: a file of fixed size, mapped by the dying process and read by record.py.
 *
 * Every number is a little-endian word of 64 bits, so that the reader needs no knowledge of alignment. */
#ifndef IMPORT_DOCTOR_RECORD_H
#define IMPORT_DOCTOR_RECORD_H

#include <stdint.h>

#define MAGIC "IMPDOC01"
#define MOST_FRAMES 64
#define MOST_REGISTERS 34
#define MOST_SLOTS 64
#define STACK_BYTES (64 << 10)
#define MAPS_BYTES (2 << 20)

/* Where the parts of the file begin. */
#define AT_FAULT 0x1000
#define AT_LEAVE 0x2000
#define AT_SLOTS 0x3000
#define SLOT_BYTES 0x800
#define AT_STACK 0x30000
#define AT_FAULT_MAPS 0x100000
#define AT_LEAVE_MAPS (AT_FAULT_MAPS + MAPS_BYTES)
#define FILE_BYTES (AT_LEAVE_MAPS + MAPS_BYTES)

enum mode { MODE_PRELOAD = 1, MODE_CTYPES = 2 };

/* The steps of a recording, as bits: those that were done are whole, and one that is not killed the recorder itself. */
enum step { STEP_SIGNAL = 1, STEP_MAPS = 2, STEP_FRAMES = 4, STEP_STACK = 8, STEP_PYTHON = 16 };

struct header {
    char magic[8];
    uint64_t owner, mode, has_dump;
    uint64_t slots; /* how many threads have told their stacks */
};

struct stack {
    uint64_t thread, ident, pc, sp, depth;
    uint64_t n_frames, n_outer, first_outer, n_registers;
    uint64_t frames[MOST_FRAMES];  /* innermost first */
    uint64_t outer[MOST_FRAMES];   /* a ring of the outermost ones beyond these; the innermost of them at first_outer */
    uint64_t registers[MOST_REGISTERS];
};

struct event {
    uint64_t count, steps; /* how many there were, of which the last is told */
    uint64_t number, code, address, sender;
    uint64_t stack_length, maps_length;
    struct stack stack;
};

#endif
