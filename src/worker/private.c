#include "worker/private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST 256

void private_say_ready(const char *created)
{
    if (created != NULL) {
        printf("created %s\n", created);
    }
    printf("listening\n");
    fflush(stdout);
}

/* The path of the socket, and the slash after its directory; NULL: there is none. */
static char *cut_path(const char *url, char path[LONGEST])
{
    static const char scheme[] = "ipc://";
    const bool is_path = strncmp(url, scheme, strlen(scheme)) == 0;
    snprintf(path, LONGEST, "%s", is_path ? url + strlen(scheme) : "");
    char *const slash = strrchr(path, '/');
    return slash == path ? NULL : slash;
}

bool private_begin(const char *url, struct status *status)
{
    char path[LONGEST];
    char *const slash = cut_path(url, path);
    if (slash == NULL) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--serves-parent needs an ipc:// address in --listen.");
    }
    *slash = '\0';
    return mkdir(path, S_IRWXU) == 0 ||
           status_fail(status, STATUS_FAILED_PRECONDITION, "Cannot make the directory %s: %s.", path, strerror(errno));
}

void private_end(const char *url)
{
    char path[LONGEST];
    char *const slash = cut_path(url, path);
    unlink(path);
    if (slash != NULL) {
        *slash = '\0';
        rmdir(path);
    }
}
