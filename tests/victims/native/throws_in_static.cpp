#include "victim.h"
#include <stdexcept>
static struct Thrower {
    Thrower() { throw std::runtime_error("no data"); }
} thrower;
MODULE(throws_in_static, )
