#include "victim.h"
MODULE(stops_itself, kill(getpid(), SIGSTOP))
