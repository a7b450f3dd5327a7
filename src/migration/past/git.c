/*
 * Records arrive in pieces of any size: incomplete ones are kept, and only a file's content may be long.
 * history/history.h lists the records.
 */
#include "migration/past/git.h"

#include "base/files.h"
#include "base/limits.h"
#include "base/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_FIELDS   7
#define LINE_LIMIT    ((size_t)64 * 1024) /* of a record without its content */
#define AUTHOR_LIMIT  200
#define SUBJECT_LIMIT 300

struct reading {
    const struct past_question *question;
    const struct past_listener *listener;
    struct past_search *search;
    struct past_commit commit;
    char *kept; /* what has arrived and was not processed */
    size_t size;
    size_t capacity;
    const char *said; /* the last line of standard error */
};

/* ---- records ---- */

/* A record's name and its number of fields. */
enum record {
    RECORD_REPOSITORY,
    RECORD_COMMIT,
    RECORD_DELETED,
    RECORD_FILE,
    RECORD_GONE,
    RECORD_STATE,
    RECORD_END,
    RECORD_ERROR,
    RECORDS
};
static const struct {
    const char *name;
    size_t fields;
} records[RECORDS] = {
    [RECORD_REPOSITORY] = {"repository", 2},
    [RECORD_COMMIT] = {"commit", 6},
    [RECORD_DELETED] = {"deleted", 2},
    [RECORD_FILE] = {"file", 3},
    [RECORD_GONE] = {"gone", 1},
    [RECORD_STATE] = {"state", 0},
    [RECORD_END] = {"end", 2},
    [RECORD_ERROR] = {"error", 2},
};

static const char *clean(const struct reading *reading, const char *text, size_t most)
{
    return text_clean(reading->question->arena, text, most);
}

static bool take_commit(struct reading *reading, const char *const *fields)
{
    reading->commit = (struct past_commit){
        .id = clean(reading, fields[0], 64),
        .at = strtoll(fields[1], NULL, 10) * 1000000,
        .author = clean(reading, fields[2], AUTHOR_LIMIT),
        .subject = clean(reading, fields[3], SUBJECT_LIMIT),
        .is_of_head = strcmp(fields[4], "head") == 0,
        .is_edge = fields[5][0] != '\0',
    };
    return true;
}

/* A message that says what to do; `words` is truss-history's own sentence, beginning in lower case. */
static const char *refusal_of(struct arena *arena, const char *why, const char *words)
{
    static const struct {
        const char *why;
        const char *words;
    } known[] = {
        {"none", "There is no git history to search: %s If the worker only has a copy of the files (an image), ask in "
                 "a checkout: truss --project DIR diff NAME."},
        {"outside", "The git history was not read, as it leads out of the project: %s"},
        {"owner", "The git history was not read, as the repository belongs to another user than the worker: %s. Its "
                  "operator may say, as the worker's user: git config --global --add safe.directory DIR"},
        {"format", "The git history cannot be read, as the repository's format is not known (SHA-256, reftable): %s"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].why, why) == 0) {
            struct buffer text = {.arena = arena};
            const char *const place = strstr(known[i].words, "%s");
            buffer_add(&text, text_slice(text_of(known[i].words), 0, (size_t)(place - known[i].words)));
            buffer_puts(&text, words);
            buffer_puts(&text, place + 2);
            return buffer_string(&text);
        }
    }
    return arena_printf(arena, "The git history cannot be read: %s", words);
}

static bool take(struct reading *reading, enum record record, const char *const *fields, struct text content)
{
    const struct past_listener *const listener = reading->listener;
    struct past_search *const search = reading->search;
    switch (record) {
    case RECORD_REPOSITORY:
        search->head = fields[0][0] == '\0' ? NULL : clean(reading, fields[0], 64);
        search->is_shallow = fields[1][0] != '\0';
        return true;
    case RECORD_COMMIT:
        return take_commit(reading, fields);
    case RECORD_DELETED:
        return listener->deleted == NULL || listener->deleted(listener->data, &reading->commit, fields[0], fields[1]);
    case RECORD_FILE:
        return listener->file == NULL || listener->file(listener->data, fields[0], fields[1], content);
    case RECORD_GONE:
        return listener->gone == NULL || listener->gone(listener->data, fields[0]);
    case RECORD_STATE:
        search->versions++;
        return listener->version == NULL || listener->version(listener->data, &reading->commit);
    case RECORD_END:
        search->end = clean(reading, fields[0], 64);
        search->commits = strtoul(fields[1], NULL, 10);
        return true;
    default:
        search->refusal = refusal_of(reading->question->arena, fields[0], clean(reading, fields[1], 2000));
        return true;
    }
}

/* The size of the next record: 0 if it is not complete yet, SIZE_MAX if it is invalid. */
static size_t next_record(const struct reading *reading, size_t from, enum record *record, const char **fields,
                          struct text *content)
{
    const char *at = reading->kept + from;
    const char *const end = reading->kept + reading->size;
    const char *stop = memchr(at, '\0', (size_t)(end - at));
    if (stop == NULL) {
        return (size_t)(end - at) > LINE_LIMIT ? SIZE_MAX : 0;
    }
    *record = 0;
    while (*record < RECORDS && strcmp(records[*record].name, at) != 0) {
        (*record)++;
    }
    for (size_t i = 0; *record < RECORDS && i < records[*record].fields; i++) {
        fields[i] = stop + 1;
        stop = memchr(fields[i], '\0', (size_t)(end - fields[i]));
        if (stop == NULL) {
            return (size_t)(end - at) > LINE_LIMIT ? SIZE_MAX : 0;
        }
    }
    const size_t size = *record == RECORD_FILE ? strtoul(fields[2], NULL, 10) : 0;
    if (*record == RECORDS || size > LIMIT_HISTORY_FILE) {
        return SIZE_MAX;
    }
    *content = (struct text){stop + 1, size};
    return size > (size_t)(end - stop - 1) ? 0 : (size_t)(stop + 1 - at) + size;
}

static void keep(struct reading *reading, struct text piece)
{
    if (reading->size + piece.size > reading->capacity) {
        reading->capacity = 2 * (reading->size + piece.size);
        reading->kept = memory_resize(reading->kept, reading->capacity);
    }
    memcpy(reading->kept + reading->size, piece.data, piece.size);
    reading->size += piece.size;
}

static bool take_piece(void *data, struct text piece)
{
    struct reading *const reading = data;
    const char *fields[MOST_FIELDS];
    struct text content = {0};
    enum record record;
    size_t from = 0;
    bool goes_on = true;
    keep(reading, piece);
    while (goes_on && from < reading->size) {
        const size_t size = next_record(reading, from, &record, fields, &content);
        if (size == 0) {
            break;
        }
        goes_on = size != SIZE_MAX && take(reading, record, fields, content);
        from += size == SIZE_MAX ? 0 : size;
    }
    memmove(reading->kept, reading->kept + from, reading->size - from);
    reading->size -= from;
    return goes_on;
}

/* ---- the program ---- */

static void take_line(void *data, struct text line)
{
    struct reading *const reading = data;
    reading->said =
        text_clean(reading->question->arena,
                   arena_strndup(reading->question->arena, line.data, line.size < 500 ? line.size : 500), 600);
}

/* The location of the user's git configuration, for safe.directory; nothing else of the worker's environment. */
static const char *const *environment_of(struct arena *arena)
{
    static const char *const names[] = {"HOME", "XDG_CONFIG_HOME"};
    const char **const environment = arena_array(arena, 3, sizeof *environment);
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        const char *const value = getenv(names[i]);
        if (value != NULL) {
            environment[count++] = arena_printf(arena, "%s=%s", names[i], value);
        }
    }
    return environment;
}

static struct process program_of(struct arena *arena, const char *const *argv, int64_t deadline)
{
    return (struct process){
        .argv = argv,
        .environment = environment_of(arena),
        .directory = "/",
        .deadline = deadline,
        .grace_ms = 1000,
    };
}

static int64_t deadline_of(const struct request *request, uint32_t ms)
{
    const int64_t own = deadline_in(ms);
    return request->deadline != 0 && request->deadline < own ? request->deadline : own;
}

bool past_git(const struct past_question *question, const struct past_listener *listener, struct past_search *search)
{
    struct arena *const arena = question->arena;
    struct reading reading = {.question = question, .listener = listener, .search = search};
    struct process_end end;
    *search = (struct past_search){0};
    const char *const argv[] = {process_sibling(arena, "truss-history"),
                                "versions",
                                question->is_folder ? "folder" : "file",
                                question->root,
                                question->path,
                                arena_printf(arena, "%d", LIMIT_HISTORY_MS / 1000),
                                NULL};
    struct process process = program_of(arena, argv, deadline_of(question->request, LIMIT_HISTORY_MS + 5000));
    process.bytes = take_piece;
    process.line = take_line;
    process.data = &reading;
    const bool ok = process_run(&process, &end, question->request->status);
    free(reading.kept);
    if (!ok) {
        return false;
    }
    if (search->end == NULL && search->refusal == NULL && !end.stopped) {
        search->end = end.timed_out || end.signal == SIGALRM ? "time" : NULL;
        search->refusal =
            search->end != NULL
                ? NULL
                : arena_printf(arena, "The git history cannot be read: what reads it ended with %d%s%s", end.code,
                               reading.said == NULL ? "." : ": ", reading.said == NULL ? "" : reading.said);
    }
    return true;
}

/* ---- diffs ---- */

struct taking {
    struct buffer out;
    size_t limit;
};

static bool take_diff(void *data, struct text piece)
{
    struct taking *const taking = data;
    buffer_add(&taking->out, piece);
    return taking->out.size < taking->limit;
}

bool past_diff(const struct request *request, const struct past_pair *pair, struct text *diff)
{
    struct arena *const arena = request->arena;
    struct taking taking = {.out = {.arena = arena}, .limit = 2 * LIMIT_SHOWN};
    struct process_end end = {0};
    const char *const folder = temporary_directory(arena, "past", request->status);
    const char *const old = folder == NULL ? NULL : path_join(arena, folder, "old");
    const char *const new = folder == NULL ? NULL : path_join(arena, folder, "new");
    const char *const argv[] = {
        process_sibling(arena, "truss-history"), "diff", old, new, pair->old_name, pair->new_name, NULL};
    struct process process = program_of(arena, argv, deadline_of(request, LIMIT_HISTORY_MS + 5000));
    process.bytes = take_diff;
    process.data = &taking;
    const bool ok = folder != NULL && past_file_write(arena, old, pair->old, request->status) &&
                    past_file_write(arena, new, pair->new, request->status) &&
                    process_run(&process, &end, request->status);
    if (folder != NULL) {
        directory_remove(folder);
    }
    *diff = buffer_text(&taking.out);
    return ok && (end.code == 0 || end.stopped ||
                  status_fail(request->status, STATUS_INTERNAL,
                              "How the two versions differ could not be worked out (%d).", end.code));
}
