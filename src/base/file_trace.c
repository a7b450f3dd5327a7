/*
 * What was learned is kept by kind, each once: most are looks at a thousand files of one directory.
 */
#include "base/file_trace_private.h"
#include "base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_LOOKS  ((size_t)150 * 1000)
#define MOST_REALS  1000
#define MOST_READ   5000
#define MOST_BYTES  ((size_t)16 * 1024 * 1024) /* of all that is read */
#define FIRST_SLOTS 1024

static _Thread_local struct file_trace *current;
static _Thread_local int lacked; /* an error, or 0 */

static size_t add_group(struct file_trace *trace, const char *directory)
{
    for (size_t i = 1; i < trace->group_count; i++) {
        if (strcmp(trace->groups[i].directory, directory) == 0) {
            return i;
        }
    }
    trace->groups =
        arena_grow(trace->arena, trace->groups, trace->group_count, &trace->group_capacity, sizeof *trace->groups);
    trace->groups[trace->group_count] = (struct group){.directory = arena_strdup(trace->arena, directory)};
    return trace->group_count++;
}

void file_trace_begin(void)
{
    struct file_trace *const trace = memory_alloc(sizeof *trace);
    trace->arena = arena_new(0);
    trace->slot_count = FIRST_SLOTS;
    trace->slots = memory_alloc(trace->slot_count * sizeof *trace->slots);
    trace->groups = arena_grow(trace->arena, NULL, 0, &trace->group_capacity, sizeof *trace->groups);
    trace->groups[trace->group_count++] = (struct group){0};
    current = trace;
}

void file_trace_free(struct file_trace *trace)
{
    if (trace != NULL) {
        free(trace->slots);
        arena_free(trace->arena);
        free(trace);
    }
}

size_t file_trace_bytes(const struct file_trace *trace)
{
    return sizeof *trace + arena_used(trace->arena);
}

void file_trace_doubt(void)
{
    if (current != NULL) {
        current->has_doubt = true;
    }
}

/* Is there something to note? Nothing more after a doubt. */
static bool is_noting(void)
{
    return current != NULL && !current->has_doubt;
}

bool file_trace_is_on(void)
{
    return is_noting();
}

/* ---- looks ---- */

/* The slot of a look, or the free one for it. */
struct slot *trace_slot(const struct file_trace *trace, size_t group, const char *name)
{
    size_t at = fnv1a_add(FNV1A_START ^ (uint32_t)group, name) % trace->slot_count;
    for (;; at = (at + 1) % trace->slot_count) {
        struct slot *const slot = &trace->slots[at];
        if (slot->index == 0 ||
            (slot->group == group && strcmp(trace->groups[group].names[slot->index - 1], name) == 0)) {
            return slot;
        }
    }
}

void trace_fill_slots(struct file_trace *trace)
{
    memset(trace->slots, 0, trace->slot_count * sizeof *trace->slots);
    for (size_t i = 0; i < trace->group_count; i++) {
        for (size_t j = 0; j < trace->groups[i].count; j++) {
            *trace_slot(trace, i, trace->groups[i].names[j]) = (struct slot){.group = i, .index = j + 1};
        }
    }
}

/* What is seen twice must look the same. */
void trace_add_look(struct file_trace *trace, size_t group, const char *name, const struct file_seen *seen)
{
    struct slot *const slot = trace_slot(trace, group, name);
    struct group *const in = &trace->groups[group];
    if (slot->index != 0) {
        trace->has_doubt = trace->has_doubt || !file_seen_equal(&in->seen[slot->index - 1], seen);
        return;
    }
    if (++trace->look_count > MOST_LOOKS) {
        trace->has_doubt = true;
        return;
    }
    in->names = arena_grow(trace->arena, in->names, in->count, &in->capacity, sizeof *in->names);
    in->seen = arena_grow(trace->arena, in->seen, in->count, &in->seen_capacity, sizeof *in->seen);
    in->names[in->count] = arena_strdup(trace->arena, name);
    in->seen[in->count++] = *seen;
    *slot = (struct slot){.group = group, .index = in->count};
    if (trace->look_count * 2 > trace->slot_count) {
        trace->slot_count *= 4;
        trace->slots = memory_resize(trace->slots, trace->slot_count * sizeof *trace->slots);
        trace_fill_slots(trace);
    }
}

/* Another error (no permission, a circle of links) may be another one next time. */
static bool is_absence(int error)
{
    return error == ENOENT || error == ENOTDIR;
}

static size_t group_of(const struct file_trace *trace, int directory)
{
    for (size_t i = trace->open_count; i-- > 0;) {
        if (trace->open[i].fd == directory) {
            return trace->open[i].group;
        }
    }
    return SIZE_MAX;
}

void file_trace_saw(int directory, const char *path, const struct file_seen *seen, int error)
{
    const int before = errno;
    if (!is_noting()) {
        return;
    }
    const size_t group = directory == AT_FDCWD || path[0] == '/' ? 0 : group_of(current, directory);
    if (group == SIZE_MAX || (seen->kind == FILE_NONE && !is_absence(error))) {
        current->has_doubt = true;
    } else {
        trace_add_look(current, group, path, seen);
    }
    errno = before;
}

int file_trace_lacked(void)
{
    const int error = lacked;
    lacked = 0;
    return error;
}

void file_trace_missed(const char *path, int error)
{
    if (error == EMFILE || error == ENFILE || error == ENOMEM) {
        lacked = error;
    }
    file_trace_saw(AT_FDCWD, path, &(const struct file_seen){FILE_NONE, {0}}, error);
}

void file_trace_opened(int directory, const char *path)
{
    if (!is_noting()) {
        return;
    }
    size_t at = 0;
    while (at < current->open_count && current->open[at].fd != directory) {
        at++;
    }
    if (at == TRACE_FOLDERS) {
        current->has_doubt = true;
        return;
    }
    current->open[at] = (struct open_folder){directory, add_group(current, path)};
    current->open_count += at == current->open_count ? 1 : 0;
}

void file_trace_listed(int directory, const char *path)
{
    if (!is_noting()) {
        return;
    }
    struct file_seen seen = {0};
    file_see_open(directory, &seen);
    if (seen.kind != FILE_DIRECTORY || !file_stamp_is_settled(&seen.stamp) || !file_system_tells(directory)) {
        current->has_doubt = true;
    } else {
        trace_add_look(current, 0, path, &seen);
    }
}

/* ---- links and contents ---- */

static bool is_link(const char *path)
{
    char to;
    return readlink(path, &to, 1) >= 0;
}

static bool is_as_noted(const struct real *known, const char *real, bool has_its_name)
{
    return known->real == NULL ? has_its_name : strcmp(known->real, real) == 0;
}

/* If only the directory leads elsewhere, or nothing does, notes that part by part: many paths share them. The last part
 * may be a link although its name stays, as in "prisma -> shared/prisma". */
void trace_add_real(struct file_trace *trace, const char *path, const char *real)
{
    char *const above = arena_strdup(trace->arena, path);
    char *const real_above = arena_strdup(trace->arena, real);
    char *const name = strrchr(above, '/');
    char *const real_name = strrchr(real_above, '/');
    const bool has_its_name = name != NULL && name > above && real_name != NULL &&
                              path_is_component(text_of(name + 1)) && strcmp(name, real_name) == 0;
    size_t at = 0;
    while (at < trace->real_count && strcmp(trace->reals[at].path, path) != 0) {
        at++;
    }
    const bool is_new = at == trace->real_count;
    const bool is_plain = has_its_name && (is_new ? !is_link(path) : trace->reals[at].real == NULL);
    if (!is_new) {
        trace->has_doubt = trace->has_doubt || !is_as_noted(&trace->reals[at], real, has_its_name);
    } else {
        trace->has_doubt = trace->has_doubt || trace->real_count == MOST_REALS;
        trace->reals =
            arena_grow(trace->arena, trace->reals, trace->real_count, &trace->real_capacity, sizeof *trace->reals);
        trace->reals[trace->real_count++] =
            (struct real){arena_strdup(trace->arena, path), is_plain ? NULL : arena_strdup(trace->arena, real)};
    }
    if (is_plain) {
        *name = '\0';
        *real_name = '\0';
        trace_add_real(trace, above, real_above[0] == '\0' ? "/" : real_above);
    }
}

void file_trace_real(const char *path, const char *real, int error)
{
    if (real != NULL) {
        const int before = errno;
        if (is_noting()) {
            trace_add_real(current, path, real);
        }
        errno = before;
    } else {
        file_trace_missed(path, error);
    }
}

/* The look at the file is later than its reading: if it changed in between, it will not be the same again. */
void file_trace_read(int fd, const char *path, struct text start, size_t most)
{
    if (!is_noting()) {
        return;
    }
    struct file_trace *const trace = current;
    struct content content = {.size = start.size, .most = most};
    struct file_seen seen = {0};
    sha256_text(start, content.digest);
    file_see_open(fd, &seen);
    trace_add_look(trace, 0, path, &seen);
    struct slot *const slot = trace_slot(trace, 0, path);
    for (size_t i = slot->content; i > 0; i = trace->contents[i - 1].before) {
        const struct content *const known = &trace->contents[i - 1];
        if (known->most == most && known->size == content.size &&
            memcmp(known->digest, content.digest, sizeof content.digest) == 0) {
            return;
        }
    }
    trace->content_bytes += start.size;
    if (trace->has_doubt || trace->content_count == MOST_READ || trace->content_bytes > MOST_BYTES) {
        trace->has_doubt = true;
        return;
    }
    content.path = arena_strdup(trace->arena, path);
    content.before = slot->content;
    trace->contents = arena_grow(trace->arena, trace->contents, trace->content_count, &trace->content_capacity,
                                 sizeof *trace->contents);
    trace->contents[trace->content_count++] = content;
    slot->content = trace->content_count;
}

struct file_trace *trace_take(void)
{
    struct file_trace *const trace = current;
    current = NULL;
    return trace;
}
