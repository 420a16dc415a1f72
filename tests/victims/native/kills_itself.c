#include "victim.h"
MODULE(kills_itself, kill(getpid(), SIGKILL))
