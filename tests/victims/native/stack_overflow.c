#include "victim.h"
static int deeper(volatile char *above) {
    volatile char room[1000];
    room[0] = above[0];
    return deeper(room) + room[0];
}
MODULE(stack_overflow, char top = 0; deeper(&top))
