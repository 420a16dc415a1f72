/* PyInit loads another library, whose constructor dies. */
#include "victim.h"
static void open_beside(void) {
    Dl_info info;
    char path[4096];
    dladdr((void *)open_beside, &info);
    snprintf(path, sizeof path, "%s", info.dli_fname);
    strcpy(strrchr(path, '/') + 1, "constructor.so");
    dlopen(path, RTLD_NOW);
}
MODULE(opens_constructor, open_beside())
