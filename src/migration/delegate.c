/*
 * The child gets a small environment: PATH, HOME and the like, the connection as DATABASE_URL and as its own tool wants
 * it. Nothing else of the worker's.
 */
#include "migration/delegate.h"

#include "base/log.h"
#include "base/process.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_WORDS ((size_t)48)
#define TAIL_LIMIT ((size_t)4 * 1024)

/* One use of a tool. */
struct use {
    struct work *work;
    const struct detection *detection;
    const struct delegate *delegate;
    const struct migration_file *file; /* for {name} and kin; may be NULL */
    const char *words[MOST_WORDS + 1];
    const char *environment[MOST_WORDS + 1];
    struct buffer tail;   /* the last of what it printed */
    struct buffer *whole; /* all of it; NULL: not wanted */
    const char *migration;
};

const struct delegate *delegate_of(const struct detection *detection)
{
    return detection->has_folder && detection->folder.delegate != NULL ? detection->folder.delegate
                                                                       : detection->framework->delegate;
}

/* ---- words ---- */

static const char *connection_value(const struct site *site, const char *keyword, const char *otherwise)
{
    const char *const value = site->conninfo == NULL ? NULL : conninfo_value(site->conninfo, keyword);
    return value == NULL ? otherwise : value;
}

static void put_encoded(struct buffer *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (isalnum((unsigned char)*c) != 0 || strchr("-._~", *c) != NULL) {
            buffer_putc(out, *c);
        } else {
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
        }
    }
}

static const char *url_of(struct arena *arena, const struct site *site)
{
    struct buffer url = {.arena = arena};
    const char *const password = connection_value(site, "password", NULL);
    const char *const host = connection_value(site, "host", "localhost");
    const char *const sslmode = connection_value(site, "sslmode", NULL);
    buffer_puts(&url, "postgresql://");
    put_encoded(&url, connection_value(site, "user", ""));
    if (password != NULL) {
        buffer_putc(&url, ':');
        put_encoded(&url, password);
    }
    buffer_printf(&url, "@%s:%s/", host[0] == '/' ? "localhost" : host, connection_value(site, "port", "5432"));
    put_encoded(&url, connection_value(site, "dbname", ""));
    if (host[0] == '/') {
        buffer_puts(&url, "?host=");
        put_encoded(&url, host);
    }
    if (sslmode != NULL) {
        buffer_printf(&url, "%csslmode=%s", host[0] == '/' ? '&' : '?', sslmode);
    }
    return buffer_string(&url);
}

/* The value of {name} in a word; NULL: there is no such. */
static const char *value_of(const struct use *use, struct text name)
{
    struct arena *const arena = use->work->arena;
    const struct site *const site = use->work->site;
    const struct migration_file *const file = use->file;
    const char *const host = connection_value(site, "host", "localhost");
    const char *const port = connection_value(site, "port", "5432");
    const char *const database = connection_value(site, "dbname", "");
    if (file != NULL && (text_is(name, "name") || text_is(name, "version") || text_is(name, "file"))) {
        return text_is(name, "name")      ? file->name
               : text_is(name, "version") ? (file->version == NULL ? file->name : file->version)
                                          : path_join(arena, use->detection->folder.path, file->filename);
    }
    return text_is(name, "url")        ? url_of(arena, site)
           : text_is(name, "jdbc_url") ? arena_printf(arena, "jdbc:postgresql://%s:%s/%s", host, port, database)
           : text_is(name, "host")     ? host
           : text_is(name, "port")     ? port
           : text_is(name, "user")     ? connection_value(site, "user", "")
           : text_is(name, "password") ? connection_value(site, "password", "")
           : text_is(name, "database") ? database
           : text_is(name, "schema")   ? use->detection->ledger.schema
                                       : NULL;
}

static const char *expand(const struct use *use, const char *word)
{
    struct buffer out = {.arena = use->work->arena};
    const struct text text = text_of(word);
    size_t done = 0;
    for (size_t open; (open = text_find(text, "{", done)) != SIZE_MAX;) {
        const size_t close = text_find(text, "}", open);
        const char *const value = close == SIZE_MAX ? NULL : value_of(use, text_slice(text, open + 1, close));
        buffer_add(&out, text_slice(text, done, value == NULL ? open + 1 : open));
        buffer_puts(&out, value == NULL ? "" : value);
        done = value == NULL ? open + 1 : close + 1;
    }
    buffer_add(&out, text_slice(text, done, text.size));
    return buffer_string(&out);
}

static void expand_all(const struct use *use, const char *const *words, const char **out, size_t *count)
{
    for (size_t i = 0; words != NULL && words[i] != NULL && *count < MOST_WORDS; i++) {
        out[(*count)++] = expand(use, words[i]);
    }
    out[*count] = NULL;
}

/* ---- the program ---- */

static bool is_program(const char *path)
{
    return file_look(path, NULL) == FILE_REGULAR && access(path, X_OK) == 0;
}

static const char *absolute(struct arena *arena, const char *path)
{
    char *const real = realpath(path, NULL);
    const char *const copy = real == NULL ? path : arena_strdup(arena, real);
    free(real);
    return copy;
}

/* In the package, in the project (where a monorepo's tools are), on the PATH. A link stays what it is: tools look at
 * their name. */
static const char *find_program(const struct use *use)
{
    struct arena *const arena = use->work->arena;
    const struct folder *const folder = &use->detection->folder;
    const char *const root = absolute(arena, folder->root);
    for (size_t i = 0; use->delegate->programs[i] != NULL; i++) {
        const char *const program = use->delegate->programs[i];
        const char *const places[] = {path_join(arena, path_join(arena, root, folder->base), program),
                                      path_join(arena, root, program)};
        for (size_t j = 0; strchr(program, '/') != NULL && j < 2; j++) {
            if (is_program(places[j])) {
                return places[j];
            }
        }
        char *rest;
        const char *const path = getenv("PATH");
        char *const list = arena_strdup(arena, path == NULL ? "/usr/bin:/bin" : path);
        for (char *directory = strchr(program, '/') != NULL ? NULL : strtok_r(list, ":", &rest); directory != NULL;
             directory = strtok_r(NULL, ":", &rest)) {
            if (is_program(path_join(arena, directory, program))) {
                return path_join(arena, directory, program);
            }
        }
    }
    return NULL;
}

static bool set_up(struct use *use, const char *const *arguments)
{
    static const char *const kept[] = {
        "PATH",      "HOME",     "USER",      "LANG",     "LC_ALL",  "TZ",      "TMPDIR",
        "JAVA_HOME", "NODE_ENV", "RAILS_ENV", "RACK_ENV", "APP_ENV", "MIX_ENV", "DJANGO_SETTINGS_MODULE"};
    struct arena *const arena = use->work->arena;
    size_t count = 1;
    use->words[0] = find_program(use);
    if (use->words[0] == NULL) {
        return status_fail(use->work->status, STATUS_FAILED_PRECONDITION,
                           "%s is not there: it was looked for in the project%s%s. Install it (npm ci, bundle install, "
                           "pip install, …).",
                           use->delegate->programs[0], use->detection->folder.base[0] == '\0' ? "" : " and in ",
                           use->detection->folder.base);
    }
    expand_all(use, arguments, use->words, &count);
    count = 0;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        const char *const value = getenv(kept[i]);
        if (value != NULL) {
            use->environment[count++] = arena_printf(arena, "%s=%s", kept[i], value);
        }
    }
    use->environment[count++] = arena_printf(arena, "DATABASE_URL=%s", url_of(arena, use->work->site));
    expand_all(use, use->delegate->environment, use->environment, &count);
    return true;
}

/* ---- its output ---- */

/* The password does not leave the worker, whoever prints it. */
static const char *masked(const struct use *use, struct text line)
{
    const char *const password = connection_value(use->work->site, "password", NULL);
    struct buffer out = {.arena = use->work->arena};
    size_t done = 0;
    if (password != NULL && strlen(password) >= 3) {
        for (size_t at; (at = text_find(line, password, done)) != SIZE_MAX;) {
            buffer_add(&out, text_slice(line, done, at));
            buffer_puts(&out, "***");
            done = at + strlen(password);
        }
    }
    for (size_t i = done; i < line.size; i++) {
        const unsigned char byte = (unsigned char)line.data[i];
        /* Colours and control characters are the terminal's. */
        if (byte == 0x1B && i + 1 < line.size && line.data[i + 1] == '[') {
            for (i += 2; i < line.size && isalpha((unsigned char)line.data[i]) == 0; i++) {
            }
        } else if (byte >= 0x20 || byte == '\t') {
            buffer_putc(&out, (char)byte);
        }
    }
    return text_is_utf8(buffer_text(&out), NULL) ? buffer_string(&out) : "(a line that is not UTF-8)";
}

static void on_line(void *data, struct text line)
{
    struct use *const use = data;
    const char *const text = masked(use, line);
    if (use->whole != NULL) {
        buffer_puts(use->whole, text);
        buffer_putc(use->whole, '\n');
    }
    if (text[0] == '\0') {
        return;
    }
    buffer_puts(&use->tail, text);
    buffer_putc(&use->tail, '\n');
    if (use->tail.size > 2 * TAIL_LIMIT) {
        memmove(use->tail.data, use->tail.data + use->tail.size - TAIL_LIMIT, TAIL_LIMIT + 1);
        use->tail.size = TAIL_LIMIT;
    }
    watch_tell(use->work, &(struct run_event){.kind = RUN_EVENT_OUTPUT, .migration = use->migration, .message = text});
}

static bool on_look(void *data)
{
    return !watch_cancelled(((const struct use *)data)->work);
}

static bool start(struct use *use, struct process_end *end)
{
    struct work *const work = use->work;
    const int64_t limit = deadline_in(work->site->delegate_timeout_ms);
    const struct folder *const folder = &use->detection->folder;
    const struct process process = {
        .argv = use->words,
        .environment = use->environment,
        .directory = path_join(work->arena, absolute(work->arena, folder->root), folder->base),
        .deadline = limit < work->deadline ? limit : work->deadline,
        .line = on_line,
        .go_on = work->watch == NULL ? NULL : on_look,
        .data = use,
    };
    use->tail = (struct buffer){.arena = work->arena};
    log_info("delegate", "program=\"%s\"", use->words[0]);
    return process_run(&process, end, work->status);
}

/* ---- what to run ---- */

const char *delegate_command(struct arena *arena, const struct site *site, const struct detection *detection)
{
    const struct delegate *const delegate = delegate_of(detection);
    struct buffer command = {.arena = arena};
    struct status ignored = {.arena = arena};
    struct work work = {.site = site, .arena = arena, .status = &ignored};
    struct use use = {.work = &work, .detection = detection, .delegate = delegate};
    size_t count = 0;
    if (delegate == NULL || delegate->run == NULL) {
        return detection->framework->tool;
    }
    expand_all(&use, delegate->run, use.words, &count);
    buffer_puts(&command, delegate->programs[0]);
    for (size_t i = 0; i < count; i++) {
        const bool plain = strpbrk(use.words[i], " '\"$&|;<>()*?") == NULL && use.words[i][0] != '\0';
        buffer_printf(&command, plain ? " %s" : " '%s'", use.words[i]);
    }
    return buffer_string(&command);
}

/* The arguments for what is wanted: all that is pending, one, or up to one. NULL: the tool cannot. */
static const char *const *arguments_for(struct use *use, const struct run_request *request,
                                        const struct preparation *preparation)
{
    const struct catalog *const catalog = &preparation->catalog;
    const struct delegate *const delegate = use->delegate;
    const struct catalog_item *const last = preparation->items[preparation->count - 1].item;
    size_t pending = 0;
    size_t pending_to_last = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        const bool is_pending = catalog->items[i].state == MIGRATION_PENDING;
        pending += is_pending ? 1 : 0;
        pending_to_last += is_pending && &catalog->items[i] <= last ? 1 : 0;
    }
    (void)request;
    use->file = last->file;
    if (preparation->count == pending) {
        return delegate->run;
    }
    return preparation->count == 1 && delegate->run_one != NULL ? delegate->run_one
           : preparation->count == pending_to_last              ? delegate->run_to
                                                                : NULL;
}

static bool check(struct work *work, const struct run_request *request, const struct preparation *preparation,
                  const struct delegate *delegate)
{
    const struct detection *const detection = &preparation->catalog.detection;
    size_t program = 0;
    while (program + 1 < preparation->count && !preparation->items[program].item->file->is_code) {
        program++;
    }
    const char *const name = preparation->items[program].item->name;
    const char *const command = delegate_command(work->arena, work->site, detection);
    work->status->migration = name;
    if (delegate == NULL || delegate->run == NULL || !work->site->allow_delegate) {
        status_fail_because(work->status, STATUS_FAILED_PRECONDITION, "NEEDS_DELEGATE",
                            "Migration \"%s\" is a program, which only %s itself can run: %s. Nothing was run.%s", name,
                            detection->framework->display_name, command,
                            delegate == NULL ? "" : " A worker that was started with --allow-delegate does so.");
        work->status->migration = name;
        return false;
    }
    if (request->dry_run || request->in_one_transaction) {
        return status_fail(work->status, STATUS_FAILED_PRECONDITION,
                           "Migration \"%s\" is a program: %s runs it with transactions of its own, so that it can be "
                           "neither tried nor "
                           "be one transaction with others.",
                           name, detection->framework->display_name);
    }
    return true;
}

/* ---- what came of it ---- */

static const struct catalog_item *item_of(const struct catalog *catalog, const char *key)
{
    for (size_t i = 0; i < catalog->count; i++) {
        if (strcmp(catalog->items[i].key, key) == 0) {
            return &catalog->items[i];
        }
    }
    return NULL;
}

static bool is_applied(const struct catalog_item *item)
{
    return item != NULL && (item->state == MIGRATION_APPLIED || item->state == MIGRATION_MODIFIED);
}

/* Compares the ledger with what it was. */
static bool judge(const struct use *use, const struct preparation *preparation, const struct process_end *end,
                  struct run_result *result)
{
    struct work *const work = use->work;
    struct catalog after;
    if (!catalog_read(work, &after)) {
        return false;
    }
    result->ok = true;
    for (size_t i = 0; i < preparation->count; i++) {
        const struct catalog_item *const before = preparation->items[i].item;
        if (is_applied(item_of(&after, before->key))) {
            result->applied[result->applied_count++] = (struct run_applied){.name = before->name};
            watch_tell(work,
                       &(struct run_event){.kind = RUN_EVENT_MIGRATION_DONE,
                                           .migration = before->name,
                                           .number = (uint32_t)result->applied_count,
                                           .count = (uint32_t)preparation->count,
                                           .message = arena_printf(work->arena, "Applied \"%s\".", before->name)});
        } else if (result->ok) {
            result->ok = false;
            result->failed_name = before->name;
        }
    }
    if (result->ok) {
        result->summary = arena_printf(work->arena, "Applied %zu migration(s) successfully.", result->applied_count);
        return true;
    }
    result->failure = (struct script_failure){
        .error = end->timed_out ? "The time for its own tool was over; it was ended."
                 : end->stopped
                     ? "The run was cancelled; its own tool was ended."
                     : arena_printf(work->arena, "%s ended with %d, and the ledger does not have the migration.",
                                    use->words[0], end->code),
        .detail = use->tail.size == 0 ? NULL : buffer_string(&use->tail),
        .cancelled = end->stopped,
    };
    result->summary = arena_printf(work->arena, "Migration \"%s\" failed — %zu migration(s) before it stay applied.",
                                   result->failed_name, result->applied_count);
    return true;
}

bool delegate_run(struct work *work, const struct run_request *request, const struct preparation *preparation,
                  struct run_result *result)
{
    const struct detection *const detection = &preparation->catalog.detection;
    struct use use = {.work = work, .detection = detection, .delegate = delegate_of(detection)};
    struct process_end end;
    if (!check(work, request, preparation, use.delegate)) {
        return false;
    }
    const char *const *const arguments = arguments_for(&use, request, preparation);
    if (arguments == NULL) {
        return status_fail(work->status, STATUS_FAILED_PRECONDITION,
                           "%s cannot run just these: run all that is pending%s.", detection->framework->display_name,
                           use.delegate->run_to != NULL ? ", or up to a target" : "");
    }
    return set_up(&use, arguments) && start(&use, &end) && judge(&use, preparation, &end, result);
}

bool delegate_preview(struct work *work, const struct detection *detection, const struct migration_file *file,
                      struct text *sql)
{
    struct buffer whole = {.arena = work->arena};
    struct use use = {
        .work = work, .detection = detection, .delegate = delegate_of(detection), .file = file, .whole = &whole};
    struct process_end end;
    *sql = (struct text){0};
    if (!work->site->allow_delegate || use.delegate == NULL || use.delegate->preview == NULL) {
        return true;
    }
    if (!set_up(&use, use.delegate->preview) || !start(&use, &end)) {
        return false;
    }
    if (end.code != 0) {
        status_fail(work->status, STATUS_FAILED_PRECONDITION, "%s cannot preview it (it ended with %d).", use.words[0],
                    end.code);
        work->status->detail = use.tail.size == 0 ? NULL : buffer_string(&use.tail);
        return false;
    }
    *sql = buffer_text(&whole);
    return true;
}
