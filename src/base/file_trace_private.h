/*
 * The parts of a trace, for the files that make it (file_trace.c), end it (file_trace_end.c) and look at everything
 * again (file_trace_again.c).
 */
#ifndef BASE_FILE_TRACE_PRIVATE_H
#define BASE_FILE_TRACE_PRIVATE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/file_trace.h"

#define TRACE_FOLDERS 64 /* open at once */
#define TRACE_READ    64 /* files that are worth reading again */

/* Looks at names relative to one directory. */
struct group {
    const char *directory; /* NULL: the paths are whole */
    const char **names;
    struct file_seen *seen;
    size_t count;
    size_t capacity;
    size_t seen_capacity;
};

/* Where a path leads without links. */
struct real {
    const char *path;
    const char *real; /* NULL: the last part of the path is no link; those before it have entries of their own */
};

/* What was read of a file. */
struct content {
    const char *path;
    size_t size; /* that were read */
    size_t most;
    unsigned char digest[SHA256_SIZE];
    size_t before; /* the one of this file before it, + 1; 0: none */
};

struct open_folder {
    int fd;
    size_t group;
};

/* Where a look is. */
struct slot {
    size_t group;
    size_t index;   /* + 1; 0: the slot is free */
    size_t content; /* the last one of this file, + 1; 0: none */
};

struct file_trace {
    struct arena *arena;
    bool has_doubt;
    struct group *groups; /* the first has whole paths */
    size_t group_count;
    size_t group_capacity;
    struct real *reals;
    size_t real_count;
    size_t real_capacity;
    struct content *contents;
    size_t content_count;
    size_t content_capacity;
    size_t content_bytes;
    const char **gone; /* names of which there is nothing, not even a link that leads nowhere */
    size_t gone_count;
    size_t gone_capacity;

    /* While it is made. */
    struct slot *slots;
    size_t slot_count;
    size_t look_count;
    struct open_folder open[TRACE_FOLDERS];
    size_t open_count;
};

/* The trace of this thread, which it does not have any more; NULL: none. */
struct file_trace *trace_take(void);

/* The slot of a look, or the free one for it. */
struct slot *trace_slot(const struct file_trace *trace, size_t group, const char *name);

/* Fills the slots anew, after names were taken out. */
void trace_fill_slots(struct file_trace *trace);

/* Adds a look, and a path without links. What is there already must be the same: else there is a doubt. */
void trace_add_look(struct file_trace *trace, size_t group, const char *name, const struct file_seen *seen);
void trace_add_real(struct file_trace *trace, const char *path, const char *real);

/* Is nothing there, not even a link that leads nowhere? */
bool trace_is_nothing(const char *path);

/* Reads again. */
bool trace_reads_the_same(const struct content *content);

#endif
