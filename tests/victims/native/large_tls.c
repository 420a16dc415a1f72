#include "victim.h"
static __thread volatile char room[64 << 20] __attribute__((tls_model("initial-exec")));
MODULE(large_tls, room[0] = 1)
