#include "measures.hpp"
static int block;
static Table table(VERSION == 2 ? (int *)1 : &block);
int tables_version() { return VERSION; }
