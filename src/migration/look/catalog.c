/*
 * The join. Entries are sorted by key once, so that 1,000 files against 1,000 rows are 1,000 binary searches.
 */
#include "migration/look/catalog.h"

#include "framework/core/listing.h"
#include "migration/look/content.h"
#include "migration/look/hints.h"
#include "migration/look/project_database.h"
#include "pg/sqlstate.h"

#include <stdlib.h>
#include <string.h>

#define LEDGER_WAIT_MS "2000"

static int by_key_then_age(const void *a, const void *b)
{
    const struct ledger_entry *const x = a;
    const struct ledger_entry *const y = b;
    const int keys = strcmp(ledger_entry_key(x), ledger_entry_key(y));
    if (keys != 0) {
        return keys;
    }
    return x->started_at < y->started_at ? -1 : x->started_at > y->started_at ? 1 : 0;
}

/* The entries of one key: the first, and how many. */
static const struct ledger_entry *entries_of(const struct ledger_entries *entries, const char *key, size_t *count)
{
    size_t low = 0;
    size_t high = entries->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(ledger_entry_key(&entries->items[middle]), key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *count = 0;
    while (low + *count < entries->count && strcmp(ledger_entry_key(&entries->items[low + *count]), key) == 0) {
        (*count)++;
    }
    return *count == 0 ? NULL : &entries->items[low];
}

/* A finished entry counts whatever came before or after it; then an unfinished one; then the last that was given up. */
static const struct ledger_entry *deciding_entry(const struct ledger_entry *attempts, size_t count)
{
    const struct ledger_entry *decided = NULL;
    for (size_t i = 0; i < count; i++) {
        if (decided == NULL || attempts[i].state <= decided->state) {
            decided = &attempts[i];
        }
    }
    return decided;
}

/* Is the file what was applied? Mostly told by the remembered checksum; a framework may accept others (line endings).
 */
static bool is_unchanged(const struct request *request, const struct catalog *catalog, struct catalog_item *item,
                         bool *unchanged)
{
    const struct detection *const detection = &catalog->detection;
    const struct framework *const framework = detection->framework;
    struct text content;
    if (!checksums_get(request->site->checksums, request->arena, &detection->folder, item->file, &item->checksum,
                       request->status)) {
        return false;
    }
    item->verified = item->entry != NULL && item->entry->checksum != NULL && item->checksum != NULL;
    *unchanged = !item->verified || strcmp(item->entry->checksum, item->checksum) == 0;
    if (*unchanged || framework->hooks.checksum_matches == NULL) {
        return true;
    }
    struct arena *const reading = arena_new(0);
    const bool ok = migration_content(reading, item->file, MIGRATION_FILE_LIMIT, &content, request->status);
    if (ok) {
        *unchanged =
            framework->hooks.checksum_matches(reading, &detection->folder, item->file, item->entry->checksum, content);
    }
    arena_free(reading);
    return ok;
}

/* One failed attempt is enough, also beside a finished one: the framework's own CLI stops at it. */
static enum migration_detail detail_of(const struct catalog_item *item)
{
    for (size_t i = 0; i < item->attempt_count; i++) {
        if (item->attempts[i].state == ENTRY_FAILED) {
            return DETAIL_FAILED;
        }
    }
    if (item->file != NULL && item->file->missing) {
        return DETAIL_FILE_MISSING;
    }
    if (item->entry != NULL && item->entry->state == ENTRY_ROLLED_BACK) {
        return DETAIL_ROLLED_BACK;
    }
    return item->entry != NULL && item->entry->baseline ? DETAIL_BASELINE : DETAIL_NONE;
}

static bool decide(const struct request *request, const struct catalog *catalog, struct catalog_item *item)
{
    bool unchanged = true;
    const bool recorded = item->entry != NULL && item->entry->state == ENTRY_APPLIED;
    const bool there = item->file != NULL && !item->file->missing;
    if (there && !is_unchanged(request, catalog, item, &unchanged)) {
        return false;
    }
    const bool outdated = recorded && there && !unchanged && item->file->repeatable;
    if (recorded && !outdated) {
        item->state = !there ? MIGRATION_ORPHANED : unchanged ? MIGRATION_APPLIED : MIGRATION_MODIFIED;
    } else {
        item->state = item->file != NULL ? MIGRATION_PENDING : MIGRATION_ORPHANED;
    }
    if (item->detail != DETAIL_DUPLICATE || recorded) {
        item->detail = outdated ? DETAIL_OUTDATED : detail_of(item);
    }
    return true;
}

static void add_item(struct catalog *catalog, const char *key, const struct migration_file *file)
{
    struct catalog_item *const item = &catalog->items[catalog->count++];
    *item = (struct catalog_item){.key = key, .file = file};
    item->attempts = entries_of(&catalog->entries, key, &item->attempt_count);
    item->entry = deciding_entry(item->attempts, item->attempt_count);
    item->name = file != NULL ? file->name : item->entry->name;
}

static int by_file_key(const void *a, const void *b)
{
    return strcmp(migration_file_key(*(const struct migration_file *const *)a),
                  migration_file_key(*(const struct migration_file *const *)b));
}

/* Is there a file with this key? */
static bool has_file(const struct migration_file *const *sorted, size_t count, const char *key)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int compared = strcmp(migration_file_key(sorted[middle]), key);
        if (compared == 0) {
            return true;
        }
        low = compared < 0 ? middle + 1 : low;
        high = compared < 0 ? high : middle;
    }
    return false;
}

/* Keys that the ledger has and the folder has not, once each, sorted. What was only ever rolled back is history. */
static size_t orphaned_keys(const struct catalog *catalog, const struct migration_file *const *sorted,
                            const char **keys)
{
    size_t count = 0;
    for (size_t i = 0; i < catalog->entries.count; i++) {
        const struct ledger_entry *const entry = &catalog->entries.items[i];
        const char *const key = ledger_entry_key(entry);
        const bool seen = count > 0 && strcmp(keys[count - 1], key) == 0;
        if (!seen && entry->state != ENTRY_ROLLED_BACK && !has_file(sorted, catalog->files.count, key)) {
            keys[count++] = key;
        }
    }
    return count;
}

/* Of two files with the same key only the first can be recorded. */
static bool is_duplicate(const struct migration_file *const *sorted, size_t count, const struct migration_file *file)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) { /* the first with this key; qsort may have put any of them there */
        const size_t middle = low + (high - low) / 2;
        const bool less = strcmp(migration_file_key(sorted[middle]), migration_file_key(file)) < 0;
        low = less ? middle + 1 : low;
        high = less ? high : middle;
    }
    for (; low < count && strcmp(migration_file_key(sorted[low]), migration_file_key(file)) == 0; low++) {
        if (sorted[low] < file) {
            return true;
        }
    }
    return false;
}

/* Numbers compare as numbers, other text by its bytes. */
static int compare_keys(const char *a, const char *b)
{
    const struct text x = leading_digits(text_of(a));
    const struct text y = leading_digits(text_of(b));
    const int numbers = x.size > 0 && y.size > 0 ? number_compare(x, y) : 0;
    return numbers != 0 ? numbers : strcmp(a, b);
}

/* Files in their order, with each orphan before the first file whose key sorts behind it. */
static void join(const struct request *request, struct catalog *catalog)
{
    const size_t files = catalog->files.count;
    const char **const orphans = arena_array(request->arena, catalog->entries.count, sizeof *orphans);
    const struct migration_file **const sorted = arena_array(request->arena, files, sizeof *sorted);
    for (size_t i = 0; i < files; i++) {
        sorted[i] = &catalog->files.items[i];
    }
    if (files > 0) {
        qsort(sorted, files, sizeof *sorted, by_file_key);
    }
    const size_t orphan_count = orphaned_keys(catalog, sorted, orphans);
    size_t next = 0;
    catalog->items = arena_array(request->arena, files + orphan_count, sizeof *catalog->items);
    for (size_t i = 0; i < files; i++) {
        const struct migration_file *const file = &catalog->files.items[i];
        while (next < orphan_count && compare_keys(orphans[next], migration_file_key(file)) < 0) {
            add_item(catalog, orphans[next++], NULL);
        }
        add_item(catalog, migration_file_key(file), file);
        if (is_duplicate(sorted, files, file)) {
            catalog->items[catalog->count - 1].detail = DETAIL_DUPLICATE;
        }
    }
    while (next < orphan_count) {
        add_item(catalog, orphans[next++], NULL);
    }
}

/* A pending migration behind which a later one is applied already. Repeatable ones have no place in the order. */
static void find_out_of_order(struct catalog *catalog)
{
    const bool skips = detection_habits(&catalog->detection)->late == LATE_SKIPPED;
    bool later_applied = false;
    for (size_t i = catalog->detection.framework->folder.is_graph ? 0 : catalog->count; i-- > 0;) {
        struct catalog_item *const item = &catalog->items[i];
        if (item->file != NULL && item->file->repeatable) {
            continue;
        }
        if (item->state == MIGRATION_PENDING && item->detail == DETAIL_NONE && later_applied) {
            item->detail = skips ? DETAIL_SKIPPED : DETAIL_OUT_OF_ORDER;
        }
        later_applied = later_applied || item->state == MIGRATION_APPLIED || item->state == MIGRATION_MODIFIED;
    }
}

static const char *note_of(const struct catalog *catalog, const struct catalog_item *item)
{
    const struct habits *const habits = detection_habits(&catalog->detection);
    switch (item->detail) {
    case DETAIL_OUT_OF_ORDER:
    case DETAIL_SKIPPED:
        return habits->late_note;
    case DETAIL_DUPLICATE:
        return "Another file before it has the same version: rename one of them.";
    default:
        return item->state == MIGRATION_MODIFIED   ? habits->edited_note
               : item->state == MIGRATION_ORPHANED ? habits->missing_note
                                                   : NULL;
    }
}

/* What kept the ledger from being read, in words that say what to do. */
static bool explain_unread(const struct request *request, struct pg_session *session, const struct ledger *ledger)
{
    const char *const sqlstate = request->status->sqlstate;
    if (sqlstate_is(sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        status_fail(request->status, STATUS_PERMISSION_DENIED,
                    "The role \"%s\" may not read the ledger %s.%s: GRANT USAGE ON SCHEMA \"%s\" and SELECT ON "
                    "\"%s\".\"%s\" to it (and INSERT, UPDATE and DELETE for runs).",
                    pg_session_user(session), ledger->schema, ledger->table, ledger->schema, ledger->schema,
                    ledger->table);
    } else if (sqlstate_is(sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE)) {
        status_fail_because(request->status, STATUS_ABORTED, REASON_LOCKED,
                            "The ledger %s.%s is locked against readers by another session: its own tool may be "
                            "running, or a script that locks it. Ask again when that has ended.",
                            ledger->schema, ledger->table);
    }
    return false;
}

/* Rows that a policy hides would look like migrations that were never applied. */
static bool fail_policed(const struct request *request, struct pg_session *session, const struct ledger *ledger)
{
    return status_fail(
        request->status, STATUS_PERMISSION_DENIED,
        "Row-level security hides rows of the ledger %s.%s from the role \"%s\", so that what is applied "
        "cannot be known. Connect as the table's owner, give the role BYPASSRLS, or ALTER TABLE "
        "\"%s\".\"%s\" DISABLE ROW LEVEL SECURITY.",
        ledger->schema, ledger->table, pg_session_user(session), ledger->schema, ledger->table);
}

/* A ledger that a migration has locked to its end is not waited for as long as that takes. */
static bool read_ledger(const struct request *request, struct pg_session *session, struct catalog *catalog)
{
    const struct detection *const detection = &catalog->detection;
    struct ledger ledger = detection->ledger;
    ledger.as_read = detection->as_read;
    struct ledger_reading reading = {
        .arena = request->arena,
        .session = session,
        .status = request->status,
        .ledger = &ledger,
        .folder = detection->has_folder ? &detection->folder : NULL,
        .files = &catalog->files,
    };
    if (detection->is_policed) {
        return fail_policed(request, session, &detection->ledger);
    }
    if (ledger_has(detection->framework, LEDGER_LOCK) &&
        !pg_exec(session, "SET LOCAL lock_timeout = " LEDGER_WAIT_MS, request->status)) {
        return false;
    }
    const bool ok = framework_read_ledger(detection->framework, &reading);
    catalog->entries = reading.entries;
    return ok || explain_unread(request, session, &detection->ledger);
}

static bool read_halves(const struct request *request, struct pg_session *session, struct catalog *catalog)
{
    struct detection *const detection = &catalog->detection;
    if (detection->has_folder &&
        !framework_list(request->arena, &detection->folder, &catalog->files, request->status)) {
        return false;
    }
    if (detection->has_ledger && !read_ledger(request, session, catalog)) {
        return false;
    }
    if (catalog->entries.count > 0) {
        qsort(catalog->entries.items, catalog->entries.count, sizeof *catalog->entries.items, by_key_then_age);
    }
    return true;
}

/* ---- what keeps "nothing to do" from being said ---- */

/* "Nothing to do" is true of a folder that was read and has migrations, and of a ledger that was read. */
static const char *problem_of(struct arena *arena, const struct catalog *catalog)
{
    const struct detection *const detection = &catalog->detection;
    const struct folder *const folder = &detection->folder;
    if (detection->problem != NULL) {
        return detection->problem;
    }
    if (detection->unreadable != NULL) {
        return detection->unreadable;
    }
    if (detection->framework == NULL) {
        return "No folder of migrations was found in the project, and no ledger in the database: check --project, "
               "--migrations and --framework.";
    }
    const char *const name = detection->framework->display_name;
    if (!detection->has_folder) {
        return arena_printf(arena,
                            "No folder of migrations was found in the project; the database has a ledger of %s. Check "
                            "--project and --migrations.",
                            name);
    }
    if (folder->unread != NULL) {
        return arena_printf(arena, "%s. Say which folder is meant by --migrations (%s was looked at).", folder->unread,
                            folder->path);
    }
    if (file_look(path_join(arena, folder->root, folder->path), NULL) != FILE_DIRECTORY) {
        return arena_printf(arena,
                            "The folder of migrations %s does not exist in the project (%s): check that it is mounted, "
                            "and --migrations; or make the first migration (truss create).",
                            folder->path, folder->evidence == NULL ? name : folder->evidence);
    }
    return catalog->files.count > 0
               ? catalog->files.twins
               : arena_printf(arena,
                              "The folder %s has no migrations of %s: check that it is mounted, and --migrations and "
                              "--framework; or make the first migration (truss create).",
                              folder->path, name);
}

/* Is the database among what the tool is given in words or variables of its own? Rails puts DATABASE_URL before its
 * file. */
static bool is_told(const struct detection *detection)
{
    const struct framework *const framework = detection->framework;
    const struct delegate *const delegate =
        detection->folder.delegate != NULL ? detection->folder.delegate : framework->delegate;
    if (delegate == NULL || strcmp(framework->id, "rails") == 0) {
        return true;
    }
    const char *const *const lists[] = {delegate->run, delegate->run_to, delegate->run_one, delegate->environment};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (const char *const *word = lists[i]; word != NULL && *word != NULL; word++) {
            if (strstr(*word, "{url}") != NULL || strstr(*word, "{jdbc_url}") != NULL ||
                strstr(*word, "{database}") != NULL) {
                return true;
            }
        }
    }
    return false;
}

/* What the project itself says of its database, where that is another one. *binds: its own tool would go there, because
 * it stands in a file and nothing that we say comes before that. */
static const char *other_database(const struct request *request, const struct detection *detection, bool *binds)
{
    *binds = false;
    const struct site *const site = request->site;
    struct named_databases databases;
    if (detection->framework == NULL || site->conninfo == NULL) {
        return NULL;
    }
    project_databases(request->arena, site->project.root, detection->has_folder ? detection->folder.base : "",
                      detection->framework->id, &databases);
    const struct named_database *const other = project_database_other(&databases, site->conninfo);
    const struct conninfo_place *const own = &site->conninfo->place;
    *binds = other != NULL && other->variable == NULL && !is_told(detection);
    return other == NULL
               ? NULL
               : arena_printf(request->arena, "The project names another database: %s. This worker's is %s:%s/%s.",
                              named_database_text(request->arena, other), own->host, own->port, own->database);
}

/* Joins what was read, and says what is wrong with the whole. */
static bool fill(const struct request *request, struct catalog *catalog)
{
    catalog->problem = problem_of(request->arena, catalog);
    catalog->other_database = other_database(request, &catalog->detection, &catalog->other_binds);
    catalog->may_be_other = request->allow_other_database || request->site->allow_other_database;
    if (catalog->detection.framework == NULL || catalog->detection.problem != NULL) {
        return true;
    }
    join(request, catalog);
    for (size_t i = 0; i < catalog->count; i++) {
        struct catalog_item *const item = &catalog->items[i];
        if (!decide(request, catalog, item)) {
            return false;
        }
        catalog->counts[item->state]++;
    }
    find_out_of_order(catalog);
    for (size_t i = 0; i < catalog->count; i++) {
        catalog->items[i].note = note_of(catalog, &catalog->items[i]);
    }
    hints_find(request, catalog);
    return true;
}

typedef bool detecting(const struct request *request, struct pg_session *session, struct detection *detection);

/* With several and no telling which, nothing can be said of any migration. */
static bool read_all(const struct request *request, struct pg_session *session, detecting *detector,
                     struct catalog *catalog)
{
    struct session_facts facts;
    if (!reading_begin(request, session, &facts)) {
        return false;
    }
    catalog->detection.facts = facts;
    const bool ok = detector(request, session, &catalog->detection) &&
                    (catalog->detection.framework == NULL || catalog->detection.problem != NULL ||
                     read_halves(request, session, catalog));
    reading_end(session);
    return ok && fill(request, catalog);
}

bool catalog_read(const struct request *request, struct pg_session *session, struct catalog *catalog)
{
    *catalog = (struct catalog){0};
    return read_all(request, session, detect_reading, catalog);
}

bool catalog_read_again(const struct request *request, struct pg_session *session, const struct detection *detection,
                        struct catalog *catalog)
{
    *catalog = (struct catalog){.detection = *detection};
    return read_all(request, session, detect_ledger, catalog);
}

/* "dir/20240101_init.up.sql", also without its directory and its ends: a person writes any of them. */
static bool names_file(struct text name, const struct migration_file *file)
{
    const char *const slash = strrchr(file->filename, '/');
    const char *const ends[] = {file->filename, slash == NULL ? file->filename : slash + 1};
    for (size_t i = 0; i < 2; i++) {
        const struct text whole = text_of(ends[i]);
        const char *const dot = memrchr(whole.data, '.', whole.size);
        struct text stem = text_slice(whole, 0, dot == NULL ? whole.size : (size_t)(dot - whole.data));
        const bool is_stem = text_equal(stem, name);
        stem.size -= text_ends_with(stem, ".up") ? strlen(".up") : 0;
        if (is_stem || text_equal(whole, name) || text_equal(stem, name)) {
            return true;
        }
    }
    return false;
}

const struct catalog_item *catalog_find(const struct catalog *catalog, struct text name)
{
    const struct catalog_item *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        if (text_is(name, catalog->items[i].name)) {
            return &catalog->items[i];
        }
    }
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        const struct migration_file *const file = item->file;
        if (text_is(name, item->key) ||
            (file != NULL && ((file->version != NULL && text_is(name, file->version)) || names_file(name, file)))) {
            found = item;
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

const struct migration_file *catalog_before(const struct catalog *catalog, const struct catalog_item *item)
{
    return item->file == NULL || item->file == catalog->files.items ? NULL : item->file - 1;
}

static bool has_pending_program(const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        if (item->state == MIGRATION_PENDING && item->file != NULL &&
            (item->file->is_code || catalog->files.needs_tool != NULL)) {
            return true;
        }
    }
    return false;
}

/* Is it the database that the project means? */
static bool check_database(const struct catalog *catalog, struct status *status)
{
    if (catalog->other_database != NULL && catalog->other_binds && has_pending_program(catalog)) {
        return status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_OTHER_DATABASE,
                                   "%s %s would migrate that one: it is not started. Let the file take the URL from "
                                   "DATABASE_URL, or name the same database in both.",
                                   catalog->other_database, catalog->detection.framework->tool);
    }
    return catalog->other_database == NULL || catalog->may_be_other ||
           status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_OTHER_DATABASE,
                               "%s Nothing was changed. If this is the one that is meant, say so: "
                               "--allow-other-database, or allow_other_database in the request.",
                               catalog->other_database);
}

static bool check_writable(const struct catalog *catalog, struct status *status)
{
    const char *const why = catalog->detection.unwritable;
    return why == NULL || status_fail(status, STATUS_FAILED_PRECONDITION, "%s", why);
}

bool catalog_check_ledger(const struct catalog *catalog, struct status *status)
{
    const char *const problem = catalog->detection.problem;
    return (problem == NULL || status_fail(status, STATUS_FAILED_PRECONDITION, "%s", problem)) &&
           check_database(catalog, status) && check_writable(catalog, status);
}

bool catalog_check_folder(const struct catalog *catalog, struct status *status)
{
    const struct detection *const detection = &catalog->detection;
    if (catalog->problem != NULL) {
        return status_fail(status, STATUS_FAILED_PRECONDITION, "%s", catalog->problem);
    }
    return check_database(catalog, status) &&
           (catalog->counts[MIGRATION_PENDING] == 0 || check_writable(catalog, status)) &&
           framework_check_folder(status->arena, &detection->folder, &catalog->files, status);
}

/* A name that holds the other, as when a person leaves the time stamp out, is nearer than any misspelling. */
static size_t distance(struct text name, const char *candidate)
{
    const struct text other = text_of(candidate);
    const bool inside = name.size >= 3 && memmem(other.data, other.size, name.data, name.size) != NULL;
    return inside ? 0 : text_distance(name, other);
}

bool catalog_not_found(const struct catalog *catalog, struct text name, struct status *status)
{
    size_t best[STATUS_SUGGESTIONS];
    status_fail(status, STATUS_NOT_FOUND, "There is no migration \"%.*s\".", (int)name.size, name.data);
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        const size_t far = distance(name, catalog->items[i].name);
        if (far > name.size / 2 + 2) {
            continue;
        }
        size_t at = count < STATUS_SUGGESTIONS ? count++ : STATUS_SUGGESTIONS;
        for (; at > 0 && far < best[at - 1]; at--) {
            if (at < STATUS_SUGGESTIONS) {
                best[at] = best[at - 1];
                status->suggestions[at] = status->suggestions[at - 1];
            }
        }
        if (at < STATUS_SUGGESTIONS) {
            best[at] = far;
            status->suggestions[at] = catalog->items[i].name;
        }
    }
    if (count > 0) {
        status->message = arena_printf(status->arena, "There is no migration \"%.*s\"; did you mean \"%s\"?",
                                       (int)name.size, name.data, status->suggestions[0]);
    }
    return false;
}

const struct catalog_item *catalog_failed(const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        if (item->detail == DETAIL_FAILED) {
            return item;
        }
    }
    return NULL;
}
