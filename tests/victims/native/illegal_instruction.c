#include "victim.h"
MODULE(illegal_instruction, __builtin_trap())
