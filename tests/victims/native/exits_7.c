#include "victim.h"
MODULE(exits_7, exit(7))
