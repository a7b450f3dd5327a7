/*
 * A file that says who may call. It is read again when it has changed, so that what an operator takes away ends at
 * once; while it cannot be read, nobody gets in by it. Its file system may not answer: then one thread waits for it,
 * and the others are told so.
 */
#ifndef TRUST_GRANTS_FILE_H
#define TRUST_GRANTS_FILE_H

#include "base/arena.h"
#include "base/file_stamp.h"
#include "base/status.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct grants_file;

/* Reads the file into the arena and makes that what counts, with its stamp; what was read before is freed behind it. If
 * it fails, nothing counts. Sets file->stamp, and file->count. */
typedef bool grants_read(struct grants_file *file, struct arena *arena, struct status *status);

struct grants_file {
    const char *path;
    const char *entries;    /* "tokens", for the log */
    const char *again;      /* the events of the log: it was read again, */
    const char *unreadable; /* or cannot be, */
    const char *silent;     /* or does not answer */
    grants_read *read;
    void *data;              /* for read */
    struct arena *arena;     /* of what counts; NULL: not yet read */
    struct file_stamp stamp; /* of the file that was last read, whether that worked or not */
    size_t count;            /* of its entries */
    bool is_readable;
    pthread_mutex_t mutex; /* protects what follows */
    pthread_cond_t is_free;
    int64_t since; /* when somebody began to look at the file or at what it says (clock_ms); 0: nobody does */
    int64_t told;  /* for which `since` the log says that the file does not answer */
};

/* Prepares the lock; what the caller has filled in stays. */
void grants_file_begin(struct grants_file *file);

/* Before and after a look at the file and at what it says: one thread at a time. Returns false if another thread has
 * been at it for seconds: the file does not answer, as the log says. */
bool grants_file_lock(struct grants_file *file);
void grants_file_unlock(struct grants_file *file);

/* Reads it, whether it has changed or not. */
bool grants_file_read(struct grants_file *file, struct status *status);

/* Reads it if it has changed since, and logs that. */
void grants_file_read_again(struct grants_file *file);

/* Frees what counts. */
void grants_file_end(struct grants_file *file);

#endif
