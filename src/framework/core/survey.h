/*
 * Remembers which files of a project have nothing relevant, as long as neither they nor the searched directories
 * change: repeated statuses over 3,000 files read each of them once. Files with relevant content are read each time.
 * Thread-safe.
 */
#ifndef FRAMEWORK_CORE_SURVEY_H
#define FRAMEWORK_CORE_SURVEY_H

#include "base/files.h"

struct surveys; /* of a worker's projects */

struct surveys *surveys_new(void);
void surveys_free(struct surveys *surveys);

struct surveyed {
    const char *path; /* relative to where the survey began */
    struct file_stamp stamp;
    bool is_silent; /* it was read, and has nothing relevant */
};

/* One search through the directories below a place, for one purpose. Does not change once it is kept. */
struct survey {
    struct arena *arena; /* its own */
    const char *key;     /* the directory and the purpose */
    struct surveyed *directories;
    size_t directory_count;
    size_t directory_capacity;
    struct surveyed *files; /* those worth reading, in the order found */
    size_t file_count;
    size_t file_capacity;
    size_t entries;  /* names seen, of any kind */
    bool is_lasting; /* each directory's stamp is old enough that a change would alter it */
    unsigned holders;
    struct survey *next;
};

/* The survey kept under this key, if all its directories below `place` (a path) are unchanged; else NULL. Release it.
 * surveys may be NULL. */
struct survey *survey_find(struct surveys *surveys, const char *key, const char *place);
void survey_release(struct surveys *surveys, struct survey *survey);

/* Begins a survey; end with survey_keep or survey_drop. */
struct survey *survey_new(const char *key);

/* Adds a directory with its stamp from before it was listed. */
void survey_add_directory(struct survey *survey, const char *path, const struct file_stamp *stamp);

/* Adds a file with its stamp from before it was read. A file that has just changed is not marked as silent. */
void survey_add_file(struct survey *survey, const struct surveyed *file);

/* Keeps the survey in place of an older one with its key; takes ownership. */
void survey_keep(struct surveys *surveys, struct survey *survey);
void survey_drop(struct survey *survey);

/* Forgets it: the next search is a full one. */
void survey_forget(struct surveys *surveys, const char *key);

#endif
