/*
 * Which files of a project were read and said nothing, remembered as long as neither they nor the directories that were
 * looked through change: a status over 3,000 files reads none of them twice. What says something is read each time.
 * Thread-safe.
 */
#ifndef FRAMEWORK_CORE_SURVEY_H
#define FRAMEWORK_CORE_SURVEY_H

#include "base/files.h"

struct surveys; /* those of a worker's projects */

struct surveys *surveys_new(void);
void surveys_free(struct surveys *surveys);

struct surveyed {
    const char *path; /* relative to where the survey began */
    struct file_stamp stamp;
    bool is_silent; /* it was read, and has nothing of what is looked for */
};

/* One look through the directories below a place, for one purpose. It does not change once it is kept. */
struct survey {
    struct arena *arena; /* its own */
    const char *key;     /* whose directory, and what was looked for */
    struct surveyed *directories;
    size_t directory_count;
    size_t directory_capacity;
    struct surveyed *files; /* those that are worth reading, in the order in which they were met */
    size_t file_count;
    size_t file_capacity;
    size_t entries;  /* names that were seen, of whatever kind */
    bool is_lasting; /* each directory had its stamp for a while: none can change and keep it */
    unsigned holders;
    struct survey *next;
};

/* The one that was kept under this key, if all its directories below `place` (a path) are as they were; else NULL.
 * Release it. surveys may be NULL. */
struct survey *survey_find(struct surveys *surveys, const char *key, const char *place);
void survey_release(struct surveys *surveys, struct survey *survey);

/* One under construction: survey_keep it, or survey_drop it. */
struct survey *survey_new(const char *key);

/* Adds a directory, as it is before it is listed. */
void survey_add_directory(struct survey *survey, const char *path, const struct file_stamp *stamp);

/* Adds a file, as it was before it was read. One that changed a moment ago is none that is known to be silent. */
void survey_add_file(struct survey *survey, const struct surveyed *file);

/* Remembers it in place of an older one of its key; it is the surveys' then. */
void survey_keep(struct surveys *surveys, struct survey *survey);
void survey_drop(struct survey *survey);

/* The next look is to be a whole one. */
void survey_forget(struct surveys *surveys, const char *key);

#endif
