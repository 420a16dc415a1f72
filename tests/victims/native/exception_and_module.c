#include "victim.h"
MODULE(exception_and_module, PyErr_SetString(PyExc_ValueError, "set and forgotten"))
