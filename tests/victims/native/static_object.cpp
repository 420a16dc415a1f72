#include "victim.h"
struct Measures {
    explicit Measures(int *where) { *(volatile int *)where = 1; }
};
static Measures measures((int *)0x40);
MODULE(static_object, )
