/*
 * Landlock by its system calls: Debian 12 has no library for it, and its headers lack newer features. Only what the
 * kernel supports is requested. A rule applies to the file or folder that is at the path now, not to its name.
 */
#include "base/sandbox_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same on all architectures. */
#define CREATE_RULESET  444
#define ADD_RULE        445
#define RESTRICT_SELF   446
#define ASK_VERSION     1U
#define RULE_IS_BENEATH 1

/* linux/landlock.h, LANDLOCK_ACCESS_FS_… */
#define MAY_EXECUTE     (1ULL << 0)
#define MAY_WRITE_FILE  (1ULL << 1)
#define MAY_READ_FILE   (1ULL << 2)
#define MAY_READ_DIR    (1ULL << 3)
#define MAY_REMOVE_DIR  (1ULL << 4)
#define MAY_REMOVE_FILE (1ULL << 5)
#define MAY_MAKE_DIR    (1ULL << 7)
#define MAY_MAKE_REG    (1ULL << 8)
#define MAY_MAKE_SOCK   (1ULL << 9)
#define MAY_REFER       (1ULL << 13)
#define MAY_TRUNCATE    (1ULL << 14)
#define ALL_OF_1        ((1ULL << 13) - 1)
#define OF_FILES        (MAY_EXECUTE | MAY_WRITE_FILE | MAY_READ_FILE | MAY_TRUNCATE)

struct rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

static uint64_t handled_by(int version)
{
    return ALL_OF_1 | (version >= 2 ? MAY_REFER : 0) | (version >= 3 ? MAY_TRUNCATE : 0);
}

static uint64_t rights_of(unsigned uses)
{
    const uint64_t reading = MAY_READ_FILE | MAY_READ_DIR;
    const uint64_t writing = MAY_WRITE_FILE | MAY_REMOVE_DIR | MAY_REMOVE_FILE | MAY_MAKE_DIR | MAY_MAKE_REG |
                             MAY_MAKE_SOCK | MAY_REFER | MAY_TRUNCATE;
    return ((uses & SANDBOX_READ) != 0 ? reading : 0) | ((uses & SANDBOX_WRITE) != 0 ? writing : 0) |
           ((uses & SANDBOX_RUN) != 0 ? MAY_EXECUTE | MAY_READ_FILE : 0);
}

/* A missing path needs no rule. */
static int allow(int ruleset, const struct sandbox_path *path, uint64_t handled)
{
    struct stat found;
    const int fd = open(path->path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &found) != 0) {
        return 0;
    }
    const uint64_t fitting = S_ISDIR(found.st_mode) ? handled : handled & OF_FILES;
    const struct rule rule = {.allowed = rights_of(path->uses) & fitting, .parent = fd};
    const int error = rule.allowed != 0 && syscall(ADD_RULE, ruleset, RULE_IS_BENEATH, &rule, 0) != 0 ? errno : 0;
    close(fd);
    return error;
}

int sandbox_wall_files(const struct sandbox_paths *paths, int *version)
{
    const long known = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
    *version = known > 0 ? (int)known : 0;
    if (known <= 0) {
        return known < 0 ? errno : ENOSYS;
    }
    const uint64_t handled = handled_by(*version);
    const int ruleset = (int)syscall(CREATE_RULESET, &handled, sizeof handled, 0);
    int error = ruleset < 0 ? errno : 0;
    for (size_t i = 0; error == 0 && i < paths->count; i++) {
        error = allow(ruleset, &paths->items[i], handled);
    }
    if (error == 0 && syscall(RESTRICT_SELF, ruleset, 0) != 0) {
        error = errno;
    }
    if (ruleset >= 0) {
        close(ruleset);
    }
    return error;
}
