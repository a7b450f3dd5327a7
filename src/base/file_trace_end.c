/*
 * Makes a trace as small as it can be: of 200 names that are not there, most are in three directories, whose stamps
 * tell that they still are not; and most files need not be read again.
 */
#include "base/clock.h"
#include "base/file_trace_private.h"
#include "base/paths.h"
#include "base/threads.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SLOW_US 1000

/* ---- absent names ---- */

static void add_gone(struct file_trace *trace, const char *path)
{
    for (size_t i = 0; i < trace->gone_count; i++) {
        if (strcmp(trace->gone[i], path) == 0) {
            return;
        }
    }
    trace->gone = arena_grow(trace->arena, trace->gone, trace->gone_count, &trace->gone_capacity, sizeof *trace->gone);
    trace->gone[trace->gone_count++] = arena_strdup(trace->arena, path);
}

/* The nearest directory above an absent path, which exists; with its stamp. Cuts *above to it, and *first to the name
 * in it that leads to the path. Returns false if there is none. */
static bool find_above(char *above, char *first, struct file_seen *seen)
{
    for (char *slash; (slash = strrchr(above, '/')) != NULL && slash > above;) {
        first[slash - above + 1 + (ptrdiff_t)strcspn(slash + 1, "/")] = '\0';
        *slash = '\0';
        if (*(slash + 1) == '\0') {
            continue; /* "a//b" */
        }
        file_see(AT_FDCWD, above, seen);
        if (seen->kind == FILE_DIRECTORY) {
            return true;
        }
    }
    return false;
}

/* Replaces "nothing is at this path" by what it follows from. The stamp is older than the look at the name. */
static void explain_absence(struct file_trace *trace, const char *path)
{
    char *const above = arena_strdup(trace->arena, path);
    char *const first = arena_strdup(trace->arena, path);
    struct file_seen seen = {0};
    char real[PATH_MAX];
    if (!find_above(above, first, &seen) || realpath(above, real) == NULL) {
        add_gone(trace, path); /* a path without a directory is one of the working directory */
        trace->has_doubt = trace->has_doubt || !trace_is_nothing(path);
        return;
    }
    trace_add_real(trace, above, real);
    if (!trace_is_nothing(first)) { /* a file in a directory's place, or a link */
        struct file_seen there = {0};
        file_see(AT_FDCWD, first, &there);
        trace->has_doubt = trace->has_doubt || there.kind != FILE_REGULAR;
        trace_add_look(trace, 0, first, &there);
    } else if (file_stamp_is_settled(&seen.stamp)) {
        trace_add_look(trace, 0, above, &seen);
    } else {
        add_gone(trace, first);
    }
}

/* Takes the absent names out of a group, and explains each. */
static void explain_absent(struct file_trace *trace, size_t group)
{
    const size_t count = trace->groups[group].count;
    const char **const absent = arena_array(trace->arena, count, sizeof *absent);
    size_t absent_count = 0;
    size_t kept = 0;
    struct group *const in = &trace->groups[group];
    for (size_t i = 0; i < count; i++) {
        if (in->seen[i].kind == FILE_NONE) {
            absent[absent_count++] =
                in->directory == NULL ? in->names[i] : path_join(trace->arena, in->directory, in->names[i]);
        } else {
            in->names[kept] = in->names[i];
            in->seen[kept++] = in->seen[i];
        }
    }
    in->count = kept;
    trace_fill_slots(trace);
    for (size_t i = 0; i < absent_count && !trace->has_doubt; i++) {
        explain_absence(trace, absent[i]);
    }
}

/* ---- the end ---- */

/* Was it read as it is now, and will its stamp change with it from now on? */
static bool is_told_by_stamp(const struct file_trace *trace, const struct content *content)
{
    const struct slot *const slot = trace_slot(trace, 0, content->path);
    struct file_seen now = {0};
    if (slot->index == 0 || !file_stamp_is_settled(&trace->groups[0].seen[slot->index - 1].stamp) ||
        !file_will_tell(content->path)) {
        return false;
    }
    file_see(AT_FDCWD, content->path, &now);
    return file_seen_equal(&now, &trace->groups[0].seen[slot->index - 1]) && trace_reads_the_same(content);
}

/* Files that need not be read again, because their stamps will do. Asking may wait for a disk, once. */
static void trust_stamps(struct file_trace *trace)
{
    size_t kept = 0;
    bool is_slow = false;
    for (size_t i = 0; i < trace->content_count; i++) {
        const int64_t began = clock_us();
        const long waits_before = thread_waits();
        if (is_slow || !is_told_by_stamp(trace, &trace->contents[i])) {
            trace->contents[kept++] = trace->contents[i];
        }
        is_slow = is_slow || (clock_us() - began > SLOW_US && thread_waits() > waits_before);
    }
    trace->content_count = kept;
    trace->has_doubt = kept > TRACE_READ;
}

struct file_trace *file_trace_end(void)
{
    struct file_trace *const trace = trace_take(); /* what follows looks at files, too */
    if (trace != NULL && !trace->has_doubt) {
        trust_stamps(trace);
    }
    for (size_t i = trace == NULL ? 0 : trace->group_count; i-- > 0 && !trace->has_doubt;) {
        explain_absent(trace, i);
    }
    if (trace == NULL || trace->has_doubt) {
        file_trace_free(trace);
        return NULL;
    }
    free(trace->slots);
    trace->slots = NULL;
    return trace;
}
