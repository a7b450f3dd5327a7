/*
 * A file that cannot be read is not tried again until it changes.
 */
#include "trust/grants_file.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/threads.h"

#define PATIENCE_MS 2000

void grants_file_begin(struct grants_file *file)
{
    pthread_mutex_init(&file->mutex, NULL);
    thread_condition(&file->is_free);
}

static void tell_silent(struct grants_file *file)
{
    char text[LOG_QUOTED_SIZE];
    if (file->told != file->since) {
        file->told = file->since;
        log_error(file->silent, "file=%s", log_quoted(file->path, text));
    }
}

bool grants_file_lock(struct grants_file *file)
{
    pthread_mutex_lock(&file->mutex);
    while (file->since != 0 && clock_ms() < file->since + PATIENCE_MS) {
        thread_wait(&file->is_free, &file->mutex, file->since + PATIENCE_MS);
    }
    const bool is_mine = file->since == 0;
    if (is_mine) {
        file->since = clock_ms();
    } else {
        tell_silent(file);
    }
    pthread_mutex_unlock(&file->mutex);
    return is_mine;
}

void grants_file_unlock(struct grants_file *file)
{
    pthread_mutex_lock(&file->mutex);
    file->since = 0;
    pthread_cond_signal(&file->is_free);
    pthread_mutex_unlock(&file->mutex);
}

bool grants_file_read(struct grants_file *file, struct status *status)
{
    struct arena *const arena = arena_new(0);
    file->count = 0;
    file->stamp = (struct file_stamp){0};
    file_look(file->path, &file->stamp);
    file->is_readable = file->read(file, arena, status);
    arena_free(file->arena);
    file->arena = arena;
    return file->is_readable;
}

void grants_file_read_again(struct grants_file *file)
{
    struct file_stamp now = {0};
    char text[LOG_QUOTED_SIZE];
    file_look(file->path, &now);
    if (file_stamp_equal(&now, &file->stamp)) {
        return;
    }
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    if (grants_file_read(file, &status)) {
        log_info(file->again, "file=%s %s=%zu", log_quoted(file->path, text), file->entries, file->count);
    } else {
        log_error(file->unreadable, "error=%s", log_quoted(status.message, text));
    }
    arena_free(arena);
}

void grants_file_end(struct grants_file *file)
{
    arena_free(file->arena);
    file->arena = NULL;
    pthread_cond_destroy(&file->is_free);
    pthread_mutex_destroy(&file->mutex);
}
