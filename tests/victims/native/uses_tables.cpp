#include "victim.h"
int tables_version();
MODULE(_tables, tables_version())
