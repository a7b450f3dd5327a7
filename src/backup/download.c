/*
 * A download from a folder keeps its file open; one from a store keeps a connection, and each piece is a request for a
 * range.
 */
#include "backup/download.h"

#include "backup/s3_send.h"
#include "backup/store.h"
#include "base/clock.h"
#include "base/uuid.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_DOWNLOADS 8
#define IDLE_MS        120000
#define FOLDER_PIECE   ((int64_t)1 << 20)
#define STORE_PIECE    ((int64_t)4 << 20) /* one request each */

struct download {
    struct download *next;
    char id[UUID_SIZE];
    struct arena *arena;
    const char *filename;
    const char *sha256;
    int64_t total;
    int64_t at; /* of the next piece */
    int64_t since;
    int file; /* -1: it is in a store */
    struct s3_link *link;
    struct sha256 hash;
    bool is_hashed; /* it is being read from its beginning */
};

struct downloads {
    pthread_mutex_t mutex;
    struct download *first; /* those that nobody reads at this moment */
    size_t count;           /* of all of them */
};

/* ---- the list ---- */

struct downloads *downloads_new(void)
{
    struct downloads *const downloads = memory_alloc(sizeof *downloads);
    pthread_mutex_init(&downloads->mutex, NULL);
    return downloads;
}

static void release(struct downloads *downloads, struct download *one)
{
    unsigned char ignored[SHA256_SIZE];
    if (one->file >= 0) {
        close(one->file);
    }
    s3_link_free(one->link);
    if (one->hash.context != NULL) {
        sha256_finish(&one->hash, ignored);
    }
    arena_free(one->arena);
    free(one);
    pthread_mutex_lock(&downloads->mutex);
    downloads->count--;
    pthread_mutex_unlock(&downloads->mutex);
}

/* Removes the download with this id from the list; with a NULL id, one that was idle for too long. NULL if there is
 * none. */
static struct download *take_out(struct downloads *downloads, const char *id)
{
    struct download *found = NULL;
    pthread_mutex_lock(&downloads->mutex);
    for (struct download **link = &downloads->first; found == NULL && *link != NULL;) {
        struct download *const one = *link;
        if (id == NULL ? clock_ms() - one->since > IDLE_MS : strcmp(one->id, id) == 0) {
            found = one;
            *link = one->next;
        } else {
            link = &one->next;
        }
    }
    pthread_mutex_unlock(&downloads->mutex);
    return found;
}

static void put_back(struct downloads *downloads, struct download *one)
{
    one->since = clock_ms();
    pthread_mutex_lock(&downloads->mutex);
    one->next = downloads->first;
    downloads->first = one;
    pthread_mutex_unlock(&downloads->mutex);
}

/* Counts one more, if there is room. */
static bool enter(struct downloads *downloads, struct status *status)
{
    for (struct download *idle; (idle = take_out(downloads, NULL)) != NULL;) {
        release(downloads, idle);
    }
    pthread_mutex_lock(&downloads->mutex);
    const bool has_room = downloads->count < MOST_DOWNLOADS;
    downloads->count += has_room ? 1 : 0;
    pthread_mutex_unlock(&downloads->mutex);
    return has_room || status_fail(status, STATUS_RESOURCE_EXHAUSTED,
                                   "%d backups are being downloaded from this worker; try again when one has ended.",
                                   MOST_DOWNLOADS);
}

void downloads_free(struct downloads *downloads)
{
    if (downloads == NULL) {
        return;
    }
    while (downloads->first != NULL) {
        struct download *const one = downloads->first;
        downloads->first = one->next;
        release(downloads, one);
    }
    pthread_mutex_destroy(&downloads->mutex);
    free(downloads);
}

/* ---- pieces ---- */

struct filling {
    struct buffer *data;
    int64_t deadline;
};

static bool fill(void *data, struct text piece)
{
    struct filling *const filling = data;
    buffer_add(filling->data, piece);
    return true;
}

static bool is_in_time(void *data)
{
    return !deadline_passed(((const struct filling *)data)->deadline);
}

static bool read_store(const struct backup_call *call, const struct download *one, int64_t size, struct buffer *data)
{
    struct filling filling = {data, call->deadline};
    struct s3_answer answer;
    struct status status = {.arena = call->arena};
    const struct s3_request request = {.method = "GET",
                                       .key = one->filename,
                                       .from = one->at,
                                       .size = size,
                                       .take = fill,
                                       .go_on = is_in_time,
                                       .data = &filling};
    return s3_send(one->link, &request, &answer, &status) ||
           (status.code == STATUS_NOT_FOUND
                ? status_fail(call->status, STATUS_NOT_FOUND, "The file %s is not in %s any more.", one->filename,
                              call->backups->folder)
                : status_fail(call->status, status.code, "%s", status.message));
}

static bool read_folder(const struct backup_call *call, const struct download *one, int64_t size, struct buffer *data)
{
    char *const bytes = arena_alloc(call->arena, (size_t)size + 1);
    int64_t done = 0;
    while (done < size) {
        const ssize_t got = pread(one->file, bytes + done, (size_t)(size - done), one->at + done);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return status_fail(call->status, STATUS_INTERNAL, "The file %s in %s cannot be read: %s.", one->filename,
                               call->backups->folder, strerror(errno));
        }
        done += got > 0 ? got : 0;
    }
    buffer_add(data, (struct text){bytes, (size_t)done});
    return true;
}

static bool fail_damaged(const struct backup_call *call, const struct download *one)
{
    return status_fail(call->status, STATUS_DATA_LOSS,
                       "The file %s is damaged: it is not what was written. Take another backup.", one->filename);
}

/* After the last byte: is it the file that was written? */
static bool check_whole(const struct backup_call *call, struct download *one)
{
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    if (!one->is_hashed || one->hash.context == NULL) {
        return true;
    }
    sha256_finish(&one->hash, digest);
    one->hash.context = NULL;
    sha256_hex(digest, hex);
    return strcmp(hex, one->sha256) == 0 || fail_damaged(call, one);
}

static bool read_piece(const struct backup_call *call, struct download *one, struct download_piece *piece)
{
    struct buffer data = {.arena = call->arena};
    const int64_t most = one->file >= 0 ? FOLDER_PIECE : STORE_PIECE;
    const int64_t left = one->total - one->at;
    const int64_t size = left < most ? left : most;
    if (!(one->file >= 0 ? read_folder : read_store)(call, one, size, &data)) {
        return false;
    }
    if ((int64_t)data.size != size) {
        return fail_damaged(call, one);
    }
    if (one->is_hashed) {
        sha256_add(&one->hash, buffer_text(&data));
    }
    one->at += size;
    *piece = (struct download_piece){
        .data = buffer_text(&data),
        .is_last = one->at == one->total,
        .id = one->at == one->total ? "" : arena_strdup(call->arena, one->id),
        .filename = arena_strdup(call->arena, one->filename),
        .sha256 = arena_strdup(call->arena, one->sha256),
        .total = one->total,
    };
    return !piece->is_last || check_whole(call, one);
}

/* Reads a piece, and keeps the download if there are more. */
static bool give_piece(const struct backup_call *call, struct downloads *downloads, struct download *one,
                       struct download_piece *piece)
{
    const bool ok = read_piece(call, one, piece);
    if (ok && !piece->is_last) {
        put_back(downloads, one);
    } else {
        release(downloads, one);
    }
    return ok;
}

bool download_next(const struct backup_call *call, struct downloads *downloads, const char *id,
                   struct download_piece *piece)
{
    struct download *const one = take_out(downloads, id);
    return one == NULL
               ? status_fail(call->status, STATUS_NOT_FOUND,
                             "There is no such download: it has ended, or was not read for %d seconds.", IDLE_MS / 1000)
               : give_piece(call, downloads, one, piece);
}

bool download_close(struct downloads *downloads, const char *id)
{
    struct download *const one = take_out(downloads, id);
    if (one != NULL) {
        release(downloads, one);
    }
    return one != NULL;
}

/* ---- beginning ---- */

static bool is_complete(const struct backup_call *call, const struct backup_row *row)
{
    static const char *const states[] = {"completed", "verifying", "restoring"};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(row->state, states[i]) == 0) {
            return true;
        }
    }
    return status_fail(call->status, STATUS_FAILED_PRECONDITION, "The backup %s is not complete: it is %s.",
                       row->filename, row->state);
}

static bool never_mind(void *data)
{
    (void)data;
    return true;
}

/* Nothing is copied: a file in a folder is opened, a store is asked piece by piece. */
static bool open_it(const struct backup_call *call, struct download *one)
{
    struct stat about;
    if (call->backups->s3 != NULL) {
        one->link = s3_link_new(call->backups->s3);
        return true;
    }
    const struct backup_opening opening = {.name = one->filename, .goes_on = never_mind};
    one->file = backup_file_open(call, &opening);
    return one->file >= 0 &&
           ((fstat(one->file, &about) == 0 && about.st_size == one->total) || fail_damaged(call, one));
}

static struct download *download_new(const struct backup_row *row, int64_t from)
{
    struct download *const one = memory_alloc(sizeof *one);
    one->arena = arena_new(0);
    one->filename = arena_strdup(one->arena, row->filename);
    one->sha256 = arena_strdup(one->arena, row->sha256);
    one->total = row->size;
    one->at = from;
    one->file = -1;
    one->is_hashed = from == 0;
    uuid_v4(one->id);
    if (one->is_hashed) {
        sha256_start(&one->hash);
    }
    return one;
}

bool download_begin(const struct backup_call *call, struct downloads *downloads, int64_t id, int64_t from,
                    struct download_piece *piece)
{
    struct backup_row row;
    if (!backup_is_set_up(call->backups, call->status) || !backup_get(call, id, &row) || !is_complete(call, &row)) {
        return false;
    }
    if (from < 0 || (from > 0 && from >= row.size)) {
        return status_fail(call->status, STATUS_OUT_OF_RANGE, "The file %s has %" PRId64 " bytes.", row.filename,
                           row.size);
    }
    if (!enter(downloads, call->status)) {
        return false;
    }
    struct download *const one = download_new(&row, from);
    if (!open_it(call, one)) {
        release(downloads, one);
        return false;
    }
    return give_piece(call, downloads, one, piece);
}
