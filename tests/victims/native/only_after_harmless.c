/* Dies only if another library came first. */
#include "victim.h"
static void look(void) {
    Dl_info info;
    char path[4096];
    dladdr((void *)look, &info);
    snprintf(path, sizeof path, "%s", info.dli_fname);
    strcpy(strrchr(path, '/') + 1, "harmless.so");
    if (dlopen(path, RTLD_NOW | RTLD_NOLOAD))
        *(volatile int *)0x50 = 1;
}
MODULE(only_after_harmless, look())
