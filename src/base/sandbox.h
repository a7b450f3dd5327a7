/*
 * What a process may still do once it serves: it asks the system to take away the rest, and what was taken cannot be
 * had back, by it or by what it starts.
 *
 *   no new privileges   a set-user-ID program gives it no rights
 *   seccomp             only the system calls that our programs make; one that is refused fails with EPERM, and the log
 *                       has its name
 *   Landlock            only the files that were named, each for reading, writing or starting
 *
 * To be entered once, before there is a second thread: Landlock holds for the thread that asks and for those after it.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum sandbox_mode {
    SANDBOX_OFF,
    SANDBOX_ON,     /* what the kernel can; the log says what it cannot */
    SANDBOX_STRICT, /* all of it, or no start; and of /etc only what is needed */
};

/* Of the option's word. */
enum sandbox_mode sandbox_mode_of(const char *word);

/* What is started. */
enum sandbox_kind {
    SANDBOX_STARTS_NOTHING,  /* no other program, no other process */
    SANDBOX_STARTS_PROGRAMS, /* PostgreSQL's, where the paths allow it */
    SANDBOX_STARTS_TOOLS,    /* whatever a project has: no file is out of reach, and only calls that administrators make
                                are refused */
};

enum sandbox_use {
    SANDBOX_READ = 1,
    SANDBOX_WRITE = 2, /* and make, rename, delete beneath it */
    SANDBOX_RUN = 4,
};

/* Files and folders that stay within reach, with all that is beneath them. */
struct sandbox_paths {
    struct arena *arena;
    struct sandbox_path {
        const char *path;
        unsigned uses; /* of enum sandbox_use */
    } * items;
    size_t count;
    size_t capacity;
};

/* Adds one, copied; NULL, "" and what is not there are fine and do nothing. */
void sandbox_allow(struct sandbox_paths *paths, const char *path, unsigned uses);

/* The folder of the user that this process runs as, also where HOME does not say it; NULL: there is none. */
const char *sandbox_home(struct arena *arena);

/* Adds the folder of a file that is read again when another one is put in its place: the one that it is named by, and
 * the one that links lead to. NULL is fine. */
void sandbox_allow_beside(struct sandbox_paths *paths, const char *file);

/* Adds what every program of ours reads: libraries, certificates of the system, names of hosts and users, what libpq
 * looks for in its user's folder. */
void sandbox_allow_usual(struct sandbox_paths *paths, enum sandbox_mode mode);

/* What this program is built with that reads and maps more than the program itself: "sanitizer", "coverage"; NULL:
 * nothing. */
const char *sandbox_what_looks_in(void);

/* Enters, and logs what holds from now on. False and FAILED_PRECONDITION only where it is strict and something cannot
 * be had. Where the program is built to be looked into (sanitizers, coverage) nothing is taken away. */
bool sandbox_enter(enum sandbox_mode mode, enum sandbox_kind kind, const struct sandbox_paths *paths,
                   struct status *status);

/* What holds since then, in the words of the log. */
struct sandbox_state {
    const char *mode;    /* "on", "strict", "off" */
    const char *files;   /* "listed", "all" */
    const char *calls;   /* "listed", "without-administration", "all" */
    const char *missing; /* why something does not hold; "" */
};

/* Borrowed; of a program that did not enter: nothing holds. */
const struct sandbox_state *sandbox_holds(void);

/* Whether what failed just now with EACCES at this path (which is to be opened or made) is out of reach by the sandbox
 * alone: the system's own rights allow it. So it is with what was put there after the start. Leaves errno as it is. */
bool sandbox_keeps_from(const char *path);

/* Behind the "Permission denied" of such a path: what to do, beginning with "; " and without a full stop; "" where
 * errno, or the path, has nothing to do with the sandbox. */
const char *sandbox_advice(const char *path);

#endif
