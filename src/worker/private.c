#include "worker/private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void private_say_ready(const char *created)
{
    if (created != NULL) {
        printf("created %s\n", created);
    }
    printf("listening\n");
    fflush(stdout);
}

void private_end(const char *url)
{
    static const char scheme[] = "ipc://";
    char path[256];
    if (strncmp(url, scheme, strlen(scheme)) != 0) {
        return;
    }
    snprintf(path, sizeof path, "%s", url + strlen(scheme));
    char *const slash = strrchr(path, '/');
    unlink(path);
    if (slash != NULL && slash != path) {
        *slash = '\0';
        rmdir(path);
    }
}
