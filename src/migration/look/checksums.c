/*
 * A hash table from path to stamp and checksum. Files that have just changed (file_stamp_is_settled), or may change
 * without a new stamp (file_will_tell), are not stored.
 */
#include "migration/look/checksums.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/threads.h"
#include "migration/look/content.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS         4096
#define MOST_REMEMBERED 100000
#define WAIT_US         200 /* file_will_tell takes 20 us if nothing had to be written */
#define SELDOM          9

struct memory {
    struct memory *next;
    struct file_stamp stamp;
    const struct framework *framework;
    char *checksum;
    char path[];
};

struct checksums {
    pthread_mutex_t mutex;
    size_t count;
    struct memory *buckets[BUCKETS];
    atomic_llong waits_until; /* clock_us; no waiting for a disk before */
};

struct checksums *checksums_new(void)
{
    struct checksums *checksums = memory_alloc(sizeof *checksums);
    pthread_mutex_init(&checksums->mutex, NULL);
    return checksums;
}

static void forget_all(struct checksums *checksums)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct memory *memory = checksums->buckets[i]; memory != NULL;) {
            struct memory *next = memory->next;
            free(memory->checksum);
            free(memory);
            memory = next;
        }
        checksums->buckets[i] = NULL;
    }
    checksums->count = 0;
}

void checksums_free(struct checksums *checksums)
{
    if (checksums != NULL) {
        forget_all(checksums);
        pthread_mutex_destroy(&checksums->mutex);
        free(checksums);
    }
}

static size_t bucket_of(const char *path)
{
    return fnv1a_add(FNV1A_START, path) % BUCKETS;
}

static struct memory *find(const struct checksums *checksums, const struct framework *framework, const char *path)
{
    struct memory *memory = checksums->buckets[bucket_of(path)];
    while (memory != NULL && (memory->framework != framework || strcmp(memory->path, path) != 0)) {
        memory = memory->next;
    }
    return memory;
}

static const char *recall(struct checksums *checksums, struct arena *arena, const struct framework *framework,
                          const struct migration_file *file)
{
    const char *checksum = NULL;
    pthread_mutex_lock(&checksums->mutex);
    const struct memory *const memory = find(checksums, framework, file->path);
    if (memory != NULL && file_stamp_equal(&memory->stamp, &file->stamp)) {
        checksum = arena_strdup(arena, memory->checksum);
    }
    pthread_mutex_unlock(&checksums->mutex);
    return checksum;
}

static void remember(struct checksums *checksums, const struct framework *framework, const struct migration_file *file,
                     const char *checksum)
{
    char *const copy = strdup(checksum);
    if (copy == NULL) {
        return;
    }
    pthread_mutex_lock(&checksums->mutex);
    struct memory *memory = find(checksums, framework, file->path);
    if (memory == NULL) {
        if (checksums->count >= MOST_REMEMBERED) {
            forget_all(checksums);
        }
        struct memory **const bucket = &checksums->buckets[bucket_of(file->path)];
        memory = memory_alloc(sizeof *memory + strlen(file->path) + 1);
        strcpy(memory->path, file->path);
        memory->framework = framework;
        memory->next = *bucket;
        *bucket = memory;
        checksums->count++;
    }
    free(memory->checksum);
    memory->checksum = copy;
    memory->stamp = file->stamp;
    pthread_mutex_unlock(&checksums->mutex);
}

/* Frees the content at once: the files of a large folder must not add up in the request's arena. */
static bool compute_whole(const struct checksum_of *of, const char **checksum)
{
    struct arena *const reading = arena_new(0);
    struct text content;
    const bool ok = migration_content(reading, of->file, MIGRATION_FILE_LIMIT, &content, of->status);
    if (ok) {
        *checksum = framework_checksum(of->arena, of->folder, of->file, content);
    }
    arena_free(reading);
    return ok;
}

/* As file_will_tell, which may wait for a disk: called so seldom that its waiting is at most a tenth of the time. Files
 * that are not stored are read again. */
static bool will_tell(struct checksums *checksums, const char *path)
{
    const int64_t began = clock_us();
    if (began < atomic_load(&checksums->waits_until)) {
        return false;
    }
    const long waits_before = thread_waits();
    const bool will = file_will_tell(path);
    const int64_t took = clock_us() - began;
    if (took > WAIT_US && thread_waits() > waits_before) {
        atomic_store(&checksums->waits_until, began + took + SELDOM * took);
    }
    return will;
}

bool checksums_get(struct checksums *checksums, const struct checksum_of *of, const char **checksum)
{
    const struct migration_file *const file = of->file;
    const struct framework *const framework = of->folder->framework;
    /* Parts of a file share its path, and a declared framework is a new object in each request: neither is stored. */
    const bool is_whole = file->end == 0 && framework->declared_at == NULL;
    *checksum = file->checksum;
    if (*checksum != NULL || !framework_has_checksum(framework) || file->is_code) {
        return true;
    }
    *checksum = is_whole ? recall(checksums, of->arena, framework, file) : NULL;
    if (*checksum != NULL) {
        return true;
    }
    const bool may_remember = is_whole && file_stamp_is_settled(&file->stamp) && will_tell(checksums, file->path);
    const bool ok = is_whole && framework_has_file_checksum(framework)
                        ? framework_file_checksum(of->arena, of->folder, file, checksum, of->status)
                        : compute_whole(of, checksum);
    if (ok && *checksum != NULL && may_remember) {
        remember(checksums, framework, file, *checksum);
    }
    return ok;
}
