#include "victim.h"
static void (*volatile nowhere)(void);
MODULE(jumps_to_null, nowhere(); Py_GetVersion())
