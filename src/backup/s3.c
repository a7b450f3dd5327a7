/*
 * An S3-compatible store. A dump is sent while it is made, in parts of equal size that stay in memory until the store
 * has them; the object becomes visible only when the last part is acknowledged. If a worker is killed, it leaves an
 * upload that nobody completes; this is ended when the other files of the backup are deleted.
 */
#include "backup/s3_send.h"
#include "backup/store.h"
#include "base/clock.h"
#include "base/files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SMALLEST_PART ((size_t)16 << 20) /* stores want at least 5 MiB, and some want all parts to be equal */
#define MOST_PARTS    9000 /* stores take 10000; the rest is for a dump that is larger than its database */
#define MOST_PAGES    1000
#define DOWN_TRIES    5

struct s3_upload {
    struct s3_link *link;
    struct arena *arena;
    const char *id; /* NULL: not begun; what fits into one part is sent whole */
    char *part;
    size_t size;
    size_t capacity;
    unsigned number;
    struct buffer etags; /* the request that completes the upload */
};

/* Sends one request, whose memory is freed at its end; the parts of the answer that are needed later are in `answer`,
 * in `arena`. */
static bool send(struct s3_link *link, const struct s3_request *request, struct arena *arena, struct s3_answer *answer,
                 struct status *status)
{
    struct arena *const scratch = arena_new(0);
    struct status own = {.arena = scratch};
    struct s3_answer got = {0};
    const bool ok = s3_send(link, request, &got, &own);
    if (ok) {
        *answer = (struct s3_answer){
            .body = {arena_strndup(arena, got.body.size > 0 ? got.body.data : "", got.body.size), got.body.size},
            .etag = arena_strdup(arena, got.etag),
            .size = got.size,
        };
    } else {
        status_fail(status, own.code, "%s", own.message);
    }
    arena_free(scratch);
    return ok;
}

static bool is_in_time(void *data)
{
    return !deadline_passed(*(const int64_t *)data);
}

/* Uses the deadline of the call; fails with DEADLINE_EXCEEDED after it. */
static bool send_in_time(const struct backup_call *call, struct s3_link *link, struct s3_request request,
                         struct s3_answer *answer)
{
    int64_t deadline = call->deadline;
    request.go_on = is_in_time;
    request.data = &deadline;
    struct status status = {.arena = call->arena};
    if (send(link, &request, call->arena, answer, &status)) {
        return true;
    }
    return status.code == STATUS_CANCELLED
               ? status_fail(call->status, STATUS_DEADLINE_EXCEEDED, "The store at %s did not answer in time.",
                             call->backups->s3->origin)
               : status_fail(call->status, status.code, "%s", status.message);
}

static bool ask(const struct backup_call *call, const char *query, struct s3_answer *answer)
{
    struct s3_link *const link = s3_link_new(call->backups->s3);
    const bool ok = send_in_time(call, link, (struct s3_request){.method = "GET", .query = query}, answer);
    s3_link_free(link);
    return ok;
}

static const char *query_of(struct arena *arena, const char *before, const char *value, const char *behind)
{
    struct buffer query = {.arena = arena};
    buffer_puts(&query, before);
    buffer_put_encoded(&query, text_of(value), "");
    buffer_puts(&query, behind);
    return buffer_string(&query);
}

/* ---- does it exist? ---- */

static bool ready(const struct backup_call *call)
{
    const char *const query = query_of(call->arena, "list-type=2&max-keys=1&prefix=", call->backups->s3->prefix, "");
    struct s3_answer answer;
    return ask(call, query, &answer);
}

static bool has_room(const struct backup_call *call, int64_t size)
{
    (void)call, (void)size; /* a store does not report its free space */
    return true;
}

/* ---- writing ---- */

static bool begin(const struct backup_call *call, struct backup_writing *writing)
{
    struct s3_upload *const upload = memory_alloc(sizeof *upload);
    const size_t wanted = writing->expected > 0 ? (size_t)writing->expected / MOST_PARTS : 0;
    upload->arena = arena_new(0);
    upload->link = s3_link_new(call->backups->s3);
    upload->capacity = wanted > SMALLEST_PART ? wanted : SMALLEST_PART;
    upload->part = memory_alloc(upload->capacity);
    upload->etags.arena = upload->arena;
    writing->upload = upload;
    return true;
}

static void release(struct backup_writing *writing)
{
    struct s3_upload *const upload = writing->upload;
    if (upload != NULL) {
        s3_link_free(upload->link);
        arena_free(upload->arena);
        free(upload->part);
        free(upload);
        writing->upload = NULL;
    }
}

static bool begin_parts(struct backup_writing *writing, struct status *status)
{
    struct s3_upload *const upload = writing->upload;
    struct s3_answer answer;
    size_t from = 0;
    const struct s3_request request = {
        .method = "POST", .key = writing->name, .query = "uploads=", .go_on = writing->goes_on, .data = writing->data};
    if (!send(upload->link, &request, upload->arena, &answer, status)) {
        return false;
    }
    const struct text id = s3_between(answer.body, "UploadId", &from);
    upload->id = s3_unescaped(upload->arena, id);
    return id.size > 0 || status_fail(status, STATUS_FAILED_PRECONDITION,
                                      "The store gave no id for an upload: is it an S3-compatible one?");
}

static bool send_part(struct backup_writing *writing, struct status *status)
{
    struct s3_upload *const upload = writing->upload;
    struct s3_answer answer;
    if (upload->id == NULL && !begin_parts(writing, status)) {
        return false;
    }
    upload->number++;
    const char *const before = arena_printf(upload->arena, "partNumber=%u&uploadId=", upload->number);
    const struct s3_request request = {.method = "PUT",
                                       .key = writing->name,
                                       .query = query_of(upload->arena, before, upload->id, ""),
                                       .body = {upload->part, upload->size},
                                       .go_on = writing->goes_on,
                                       .data = writing->data};
    if (!send(upload->link, &request, upload->arena, &answer, status)) {
        return false;
    }
    buffer_printf(&upload->etags, "<Part><PartNumber>%u</PartNumber><ETag>%s</ETag></Part>", upload->number,
                  answer.etag);
    upload->size = 0;
    return answer.etag[0] != '\0' || status_fail(status, STATUS_FAILED_PRECONDITION,
                                                 "The store gave no ETag for a part: is it an S3-compatible one?");
}

static bool add(const struct backup_call *call, struct backup_writing *writing, struct text piece)
{
    struct s3_upload *const upload = writing->upload;
    struct status status = {.arena = call->arena};
    for (size_t done = 0; done < piece.size;) {
        const size_t room = upload->capacity - upload->size;
        const size_t size = piece.size - done < room ? piece.size - done : room;
        memcpy(upload->part + upload->size, piece.data + done, size);
        upload->size += size;
        done += size;
        if (upload->size == upload->capacity && !send_part(writing, &status)) {
            writing->failure = status.message;
            return false;
        }
    }
    return true;
}

/* If the store's answer was lost, the store may no longer know the upload because the object is complete. */
static bool is_complete(struct backup_writing *writing, struct arena *arena)
{
    struct status ignored = {.arena = arena};
    struct s3_answer answer;
    const struct s3_request request = {.method = "HEAD", .key = writing->name};
    return send(writing->upload->link, &request, arena, &answer, &ignored) && answer.size == writing->size;
}

static bool complete(struct backup_writing *writing, struct status *status)
{
    struct s3_upload *const upload = writing->upload;
    struct s3_answer answer;
    const char *const body = arena_printf(upload->arena, "<CompleteMultipartUpload>%s</CompleteMultipartUpload>",
                                          buffer_string(&upload->etags));
    const struct s3_request request = {.method = "POST",
                                       .key = writing->name,
                                       .query = query_of(upload->arena, "uploadId=", upload->id, ""),
                                       .body = text_of(body),
                                       .go_on = writing->goes_on,
                                       .data = writing->data};
    return send(upload->link, &request, upload->arena, &answer, status) || is_complete(writing, upload->arena);
}

static bool put(struct backup_writing *writing, const char *name, struct text body, struct status *status)
{
    struct s3_answer answer;
    const struct s3_request request = {
        .method = "PUT", .key = name, .body = body, .go_on = writing->goes_on, .data = writing->data};
    return send(writing->upload->link, &request, writing->upload->arena, &answer, status);
}

static bool end(const struct backup_call *call, struct backup_writing *writing, struct text facts)
{
    struct s3_upload *const upload = writing->upload;
    struct status status = {.arena = call->arena};
    bool ok = put(writing, arena_printf(call->arena, "%s" BACKUP_FACTS, writing->name), facts, &status);
    if (ok && upload->id == NULL) {
        ok = put(writing, writing->name, (struct text){upload->part, upload->size}, &status);
    } else if (ok) {
        ok = (upload->size == 0 || send_part(writing, &status)) && complete(writing, &status);
    }
    if (!ok) {
        *call->status = status;
        return false;
    }
    release(writing);
    return true;
}

/* ---- reading ---- */

struct down {
    const struct backup_opening *opening;
    int file;
    int64_t size;
    int problem; /* an errno */
};

static bool take(void *data, struct text piece)
{
    struct down *const down = data;
    for (size_t done = 0; done < piece.size;) {
        const ssize_t size = write(down->file, piece.data + done, piece.size - done);
        if (size < 0 && errno != EINTR) {
            down->problem = errno;
            return false;
        }
        done += size > 0 ? (size_t)size : 0;
    }
    down->size += (int64_t)piece.size;
    return true;
}

static bool down_goes_on(void *data)
{
    const struct down *const down = data;
    return down->opening->goes_on(down->opening->data);
}

/* Continues after what has arrived already. */
static bool get(const struct backup_call *call, struct s3_link *link, struct down *down)
{
    const struct s3_request head = {.method = "HEAD", .key = down->opening->name};
    struct s3_answer about;
    struct s3_answer answer;
    if (!send(link, &head, call->arena, &about, call->status)) {
        return false;
    }
    for (int i = 0; i < DOWN_TRIES && down->size < about.size; i++) {
        const struct s3_request request = {.method = "GET",
                                           .key = down->opening->name,
                                           .from = down->size,
                                           .take = take,
                                           .go_on = down_goes_on,
                                           .data = down};
        *call->status = (struct status){.arena = call->status->arena};
        if (i > 0) {
            nanosleep(&(struct timespec){.tv_sec = i}, NULL);
        }
        if (!send(link, &request, call->arena, &answer, call->status) && call->status->code != STATUS_UNAVAILABLE) {
            return false;
        }
    }
    return down->size == about.size || call->status->code != STATUS_OK
               ? call->status->code == STATUS_OK
               : status_fail(call->status, STATUS_UNAVAILABLE, "The store sent less of %s than it has.",
                             down->opening->name);
}

static int open_whole(const struct backup_call *call, const struct backup_opening *opening)
{
    struct down down = {.opening = opening, .file = file_nameless(call->arena)};
    if (down.file < 0) {
        status_fail(call->status, STATUS_FAILED_PRECONDITION,
                    "No file for the backup can be made on this machine; TMPDIR names the folder for it.");
        return -1;
    }
    struct s3_link *const link = s3_link_new(call->backups->s3);
    const bool ok = get(call, link, &down);
    s3_link_free(link);
    if (ok) {
        return down.file;
    }
    close(down.file);
    if (down.problem != 0) {
        *call->status = (struct status){.arena = call->status->arena};
        status_fail_because(call->status, STATUS_FAILED_PRECONDITION, REASON_DISK,
                            "The backup %s cannot be copied onto this machine: %s. TMPDIR names another folder.",
                            opening->name, strerror(down.problem));
    } else if (call->status->code == STATUS_NOT_FOUND) {
        *call->status = (struct status){.arena = call->status->arena};
        status_fail(call->status, STATUS_NOT_FOUND, "The file %s is not in %s any more.", opening->name,
                    call->backups->folder);
    }
    return -1;
}

/* ---- other operations ---- */

/* Returns true if it was deleted within the time of the call, or did not exist. */
static bool delete_one(const struct backup_call *call, struct s3_link *link, const char *name, const char *query)
{
    struct s3_answer answer;
    struct status status = {.arena = call->arena};
    const struct backup_call own = {call->backups, call->arena, &status, call->deadline};
    const struct s3_request request = {.method = "DELETE", .key = name, .query = query};
    return send_in_time(&own, link, request, &answer) || status.code == STATUS_NOT_FOUND ||
           status_fail(call->status, status.code, "%s", status.message);
}

/* The query for the page of uploads after this one; NULL: this was the last. Its parameters are sorted by name. */
static const char *next_uploads(const struct backup_call *call, const char *key, struct text page)
{
    size_t from = 0;
    const struct text key_marker = s3_between(page, "NextKeyMarker", &from);
    from = 0;
    const struct text id_marker = s3_between(page, "NextUploadIdMarker", &from);
    if (key_marker.size == 0) {
        return NULL;
    }
    return arena_printf(call->arena, "%s%s%s",
                        query_of(call->arena, "key-marker=", s3_unescaped(call->arena, key_marker), ""),
                        query_of(call->arena, "&prefix=", key, ""),
                        query_of(call->arena, "&upload-id-marker=", s3_unescaped(call->arena, id_marker), "&uploads="));
}

/* Ends the uploads on this page that have this name. */
static bool end_page(const struct backup_call *call, struct s3_link *link, const char *name, struct text page)
{
    const char *const key = arena_printf(call->arena, "%s%s", call->backups->s3->prefix, name);
    bool ok = true;
    for (size_t from = 0; ok;) {
        const struct text found = s3_between(page, "Key", &from);
        const struct text id = s3_between(page, "UploadId", &from);
        if (found.data == NULL || id.data == NULL) {
            break;
        }
        const char *const query = query_of(call->arena, "uploadId=", s3_unescaped(call->arena, id), "");
        ok = strcmp(s3_unescaped(call->arena, found), key) != 0 || delete_one(call, link, name, query);
    }
    return ok;
}

/* Ends uploads of this name that nobody completes: they cost money, and no list of objects shows them. If the store
 * does not support uploads, there are none; if it does not answer in time, there may be some left. */
static bool end_uploads(const struct backup_call *call, struct s3_link *link, const char *name)
{
    const char *const key = arena_printf(call->arena, "%s%s", call->backups->s3->prefix, name);
    const char *query = query_of(call->arena, "prefix=", key, "&uploads=");
    for (int page = 0; query != NULL && page < MOST_PAGES; page++) {
        struct status status = {.arena = call->arena};
        const struct backup_call own = {call->backups, call->arena, &status, call->deadline};
        struct s3_answer answer;
        if (!send_in_time(&own, link, (struct s3_request){.method = "GET", .query = query}, &answer)) {
            return status.code != STATUS_DEADLINE_EXCEEDED ||
                   status_fail(call->status, status.code, "%s", status.message);
        }
        query = next_uploads(call, key, answer.body);
        if (!end_page(call, link, name, answer.body)) {
            return false;
        }
    }
    return true;
}

static bool delete_all(const struct backup_call *call, const char *name)
{
    struct s3_link *const link = s3_link_new(call->backups->s3);
    const char *const facts = arena_printf(call->arena, "%s" BACKUP_FACTS, name);
    const bool ok =
        end_uploads(call, link, name) && delete_one(call, link, name, NULL) && delete_one(call, link, facts, NULL);
    s3_link_free(link);
    return ok;
}

/* The names on a page; files in a folder below ours are not ours. */
static void take_names(const struct backup_call *call, struct text xml, struct words *names)
{
    const char *const prefix = call->backups->s3->prefix;
    for (size_t from = 0;;) {
        const struct text key = s3_between(xml, "Key", &from);
        if (key.data == NULL) {
            return;
        }
        const char *const whole = s3_unescaped(call->arena, key);
        const char *const name = text_starts_with(text_of(whole), prefix) ? whole + strlen(prefix) : "";
        if (name[0] != '\0' && strchr(name, '/') == NULL) {
            words_add(call->arena, names, name);
        }
    }
}

static bool list(const struct backup_call *call, struct words *names)
{
    const char *const prefix = query_of(call->arena, "list-type=2&prefix=", call->backups->s3->prefix, "");
    const char *query = prefix;
    bool ok = true;
    for (int page = 0; ok && query != NULL && page < MOST_PAGES; page++) {
        struct s3_answer answer;
        size_t from = 0;
        ok = ask(call, query, &answer);
        if (ok) {
            take_names(call, answer.body, names);
            const struct text next = s3_between(answer.body, "NextContinuationToken", &from);
            const char *const token = s3_unescaped(call->arena, next);
            query = next.size == 0 ? NULL
                                   : arena_printf(call->arena, "%s&%s",
                                                  query_of(call->arena, "continuation-token=", token, ""), prefix);
        }
    }
    return ok;
}

const struct store_kind store_s3 = {
    .ready = ready,
    .has_room = has_room,
    .begin = begin,
    .add = add,
    .end = end,
    .release = release,
    .open = open_whole,
    .delete = delete_all,
    .list = list,
};
