#include "victim.h"
MODULE(no_exception, return NULL)
