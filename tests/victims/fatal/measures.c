/* An extension module that dies while it is initialised, like the one this project began with. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyMODINIT_FUNC PyInit__measures(void)
{
    *(volatile int *)0x20 = 1;
    return NULL;
}
