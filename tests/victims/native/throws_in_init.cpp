#include "victim.h"
#include <stdexcept>
MODULE(throws_in_init, throw std::runtime_error("no data"))
