#include "victim.h"
MODULE(harmless, )
