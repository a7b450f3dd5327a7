/*
 * Messages about files that the sandbox makes inaccessible. Separate from the sandbox itself, because every program
 * reads files, but most have no sandbox, nor its library.
 */
#include "base/sandbox.h"
#include "base/sandbox_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *sandbox_home(struct arena *arena)
{
    char memory[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    const char *const said = getenv("HOME");
    if (said != NULL && said[0] != '\0') {
        return said;
    }
    const bool is_known = getpwuid_r(geteuid(), &entry, memory, sizeof memory, &found) == 0 && found != NULL;
    return is_known && entry.pw_dir[0] != '\0' ? arena_strdup(arena, entry.pw_dir) : NULL;
}

static bool has_wall; /* set once, while there is only one thread */

void sandbox_wall_stands(void)
{
    has_wall = true;
}

bool sandbox_keeps_from(const char *path)
{
    const int before = errno;
    const char *const slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";
    if (!has_wall || before != EACCES || strlen(path) >= sizeof folder) {
        return false;
    }
    if (slash != NULL) {
        memcpy(folder, path, (size_t)(slash - path) + 1);
        folder[slash - path + 1] = '\0';
    }
    const bool is_there = faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0;
    const bool is_allowed = is_there ? faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0
                                     : faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0;
    errno = before;
    return is_allowed;
}

const char *sandbox_advice(const char *path)
{
    return sandbox_keeps_from(path)
               ? "; the sandbox leaves what was there at the start: start this program again, or see --sandbox"
               : "";
}
