/* Initialised in two phases, and dies in the second. */
#include "victim.h"
static int execute(PyObject *module) {
    (void)module;
    *(volatile int *)0x60 = 1;
    return 0;
}
static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "exec_slot", NULL, 0, NULL, slots, NULL, NULL, NULL};
EXPORTED PyObject *PyInit_exec_slot(void) { return PyModuleDef_Init(&definition); }
