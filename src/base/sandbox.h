/*
 * Restricts what the process may do once it serves. Neither the process nor its children can undo it.
 *
 *     no new privileges   a set-user-ID program gives it no rights
 *     seccomp             only the system calls that our programs use; a refused one fails with EPERM, and the kernel's
 *                         log names it
 *     Landlock            only the listed files, each for reading, writing or executing
 *
 * Enter it once, while there is only one thread: Landlock applies to the calling thread and those that it starts.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum sandbox_mode {
    SANDBOX_OFF,
    SANDBOX_ON,     /* as far as the kernel can; the log says what is missing */
    SANDBOX_STRICT, /* everything or no start; and of /etc only what is needed */
};

/* From the option's word. */
enum sandbox_mode sandbox_mode_of(const char *word);

/* What the process may start. */
enum sandbox_kind {
    SANDBOX_STARTS_NOTHING,  /* no program and no process */
    SANDBOX_STARTS_PROGRAMS, /* PostgreSQL's, if the paths allow it */
    SANDBOX_STARTS_TOOLS, /* any tool of a project: all files are accessible, and only system calls for administration
                             are refused */
};

enum sandbox_use {
    SANDBOX_READ = 1,
    SANDBOX_WRITE = 2, /* also create, rename and delete below it */
    SANDBOX_RUN = 4,
};

/* The accessible files and folders, with everything below them. */
struct sandbox_paths {
    struct arena *arena;
    struct sandbox_path {
        const char *path;
        unsigned uses; /* a set of enum sandbox_use */
    } * items;
    size_t count;
    size_t capacity;
};

/* Adds a path (copied); NULL, "" and missing files are ignored. */
void sandbox_allow(struct sandbox_paths *paths, const char *path, unsigned uses);

/* The home folder of the process's user, even if HOME does not say it; NULL: none. */
const char *sandbox_home(struct arena *arena);

/* Adds the folder of a file that may be replaced and read again: both the folder of its name and that of the file that
 * links lead to. NULL is fine. */
void sandbox_allow_beside(struct sandbox_paths *paths, const char *file);

/* Adds what all our programs read: libraries, system certificates, host and user names, and libpq's files in the home
 * folder. */
void sandbox_allow_usual(struct sandbox_paths *paths, enum sandbox_mode mode);

/* Instrumentation of this build that reads and maps additional files: "sanitizer", "coverage"; NULL: none. */
const char *sandbox_what_looks_in(void);

/* Enters the sandbox and logs what is restricted. Fails with FAILED_PRECONDITION only if it is strict and something is
 * not available. Instrumented builds are not restricted. */
bool sandbox_enter(enum sandbox_mode mode, enum sandbox_kind kind, const struct sandbox_paths *paths,
                   struct status *status);

/* The restrictions in force, in the words of the log. */
struct sandbox_state {
    const char *mode;    /* "on", "strict", "off" */
    const char *files;   /* "listed", "all" */
    const char *calls;   /* "listed", "without-administration", "all" */
    const char *missing; /* why something is not restricted; "": nothing missing */
};

/* Borrowed; before sandbox_enter nothing is restricted. */
const struct sandbox_state *sandbox_holds(void);

/* Did opening or creating this path fail with EACCES only because of the sandbox, while the file's permissions allow
 * it? That happens to files that were created after the start. Does not change errno. */
bool sandbox_keeps_from(const char *path);

/* Advice to append to "Permission denied" for such a path: starts with "; ", without a final period; "" if errno or the
 * path has nothing to do with the sandbox. */
const char *sandbox_advice(const char *path);

#endif
