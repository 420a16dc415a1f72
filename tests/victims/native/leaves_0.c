#include "victim.h"
MODULE(leaves_0, _exit(0))
