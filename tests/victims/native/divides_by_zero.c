#include "victim.h"
static volatile int zero;
MODULE(divides_by_zero, zero = 100 / zero)
