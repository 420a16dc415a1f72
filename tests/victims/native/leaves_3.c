#include "victim.h"
MODULE(leaves_3, _exit(3))
