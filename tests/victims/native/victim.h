/* An extension module that does something before it is one. */
#include <Python.h>

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __cplusplus
#define EXPORTED extern "C" __attribute__((visibility("default")))
#else
#define EXPORTED __attribute__((visibility("default")))
#endif

#define MODULE(name, body)                                                                                             \
    static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, #name, NULL, -1, NULL, NULL, NULL, NULL, NULL};     \
    EXPORTED PyObject *PyInit_##name(void) {                                                                           \
        body;                                                                                                          \
        return PyModule_Create(&definition);                                                                           \
    }
