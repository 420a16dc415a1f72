/* Registers what is no function; when that is called, no library is on the stack. */
#include "victim.h"
MODULE(at_exit_nowhere, Py_AtExit((void (*)(void))0x1234))
