#include "victim.h"
MODULE(aborts, fprintf(stderr, "invariant broken\n"); abort())
