#include "victim.h"
extern int nobody_defines_this(void);
MODULE(undefined_symbol, nobody_defines_this())
