/*
 * Asks a framework: its hooks if there are any, else its facts.
 */
#include "framework/core/framework.h"

#include "framework/core/crc.h"
#include "framework/core/file_checksum.h"
#include "framework/core/file_rules.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/marked.h"
#include "framework/core/reading.h"
#include "framework/core/template.h"

/* ---- its folder ---- */

bool framework_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                    struct status *status)
{
    const struct hooks *const hooks = &folder->framework->hooks;
    const bool ok =
        hooks->list != NULL ? hooks->list(arena, folder, files, status) : files_list(arena, folder, files, status);
    if (ok && folder->note != NULL) {
        listing_warn(arena, files, folder->note);
    }
    return ok;
}

bool framework_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                            struct status *status)
{
    const struct hooks *const hooks = &folder->framework->hooks;
    return files_check_numbers(folder, files, status) &&
           (hooks->check_folder == NULL || hooks->check_folder(arena, folder, files, status));
}

/* Does the file say that each of its statements commits by itself? A byte order mark is skipped, since it is not sent.
 * options is what follows its up line. */
static bool is_alone(const struct folder_facts *facts, struct text content, struct text options)
{
    content = text_without_mark(content);
    struct text rest = content;
    struct text first;
    switch (facts->alone.place) {
    case ALONE_UP_LINE:
        return text_find(options, facts->alone.words, 0) != SIZE_MAX;
    case ALONE_LINE:
        return marked_has(content, facts->alone.words, facts->marks.nocase);
    case ALONE_FIRST_LINE:
        return text_next_line(&rest, &first) && text_is(first, facts->alone.words);
    case ALONE_START:
        return text_starts_with(content, facts->alone.words);
    case ALONE_ANYWHERE:
        return text_find(content, facts->alone.words, 0) != SIZE_MAX;
    case ALONE_NEVER:
        break;
    }
    return false;
}

bool framework_script(const struct script_request *request)
{
    const struct hooks *const hooks = &request->folder->framework->hooks;
    const struct folder_facts *const facts = &request->folder->framework->folder;
    struct text options = {0};
    *request->script = (struct migration_script){.sql = request->content};
    if (facts->marks.up != NULL && !marked_script(request, &facts->marks, &options)) {
        return false;
    }
    if (facts->marks.drops_returns) {
        request->script->sql = script_drop_returns(request->arena, request->script->sql);
    }
    request->script->no_transaction = request->file->no_transaction || is_alone(facts, request->content, options);
    return hooks->script == NULL || hooks->script(request);
}

bool framework_has_checksum(const struct framework *framework)
{
    return framework->hooks.checksum != NULL || framework->folder.checksum != NULL;
}

const char *framework_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                               struct text content)
{
    const struct hooks *const hooks = &folder->framework->hooks;
    if (hooks->checksum != NULL) {
        return hooks->checksum(arena, folder, file, content);
    }
    const char *const digest = folder->framework->folder.checksum;
    return digest == NULL ? NULL : digest_hex_of(arena, digest, content);
}

bool framework_has_file_checksum(const struct framework *framework)
{
    return framework->hooks.file_checksum != NULL ||
           (framework->hooks.checksum == NULL && framework->folder.checksum != NULL);
}

bool framework_file_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                             const char **checksum, struct status *status)
{
    const struct hooks *const hooks = &folder->framework->hooks;
    const struct file_checksum whole = {.digest = folder->framework->folder.checksum};
    return hooks->file_checksum != NULL ? hooks->file_checksum(arena, folder, file, checksum, status)
                                        : file_checksum(arena, &whole, file->path, checksum, status);
}

bool framework_can_create(const struct framework *framework)
{
    return framework->folder.makes.file != NULL;
}

/* ---- its ledger ---- */

const struct ledger_facts *framework_ledger_facts(const struct framework *framework, const struct ledger *ledger)
{
    return framework->hooks.variant != NULL ? framework->hooks.variant(ledger) : &framework->ledger;
}

bool framework_read_ledger(const struct framework *framework, struct ledger_reading *reading)
{
    return framework->hooks.read_ledger != NULL
               ? framework->hooks.read_ledger(reading)
               : ledger_read_facts(reading, framework_ledger_facts(framework, reading->ledger));
}

size_t framework_advisory_locks(const struct framework *framework, const struct ledger *ledger, const char *database,
                                int64_t *keys)
{
    const int64_t *const constant = framework->ledger.advisory_locks;
    size_t count = 0;
    if (framework->hooks.advisory_locks != NULL) {
        return framework->hooks.advisory_locks(ledger, database, keys);
    }
    /* A unit test counts the keys of every framework: none has more. */
    for (; constant != NULL && constant[count] != 0 && count < MOST_ADVISORY_KEYS; count++) {
        keys[count] = constant[count];
    }
    if (framework->ledger.database_lock != 0 && count < MOST_ADVISORY_KEYS) {
        keys[count++] = framework->ledger.database_lock * (int64_t)crc32_add(0, text_of(database));
    }
    return count;
}

bool framework_has_advisory_locks(const struct framework *framework)
{
    return framework->hooks.advisory_locks != NULL || framework->ledger.advisory_locks != NULL ||
           framework->ledger.database_lock != 0;
}

const char *ledger_template(const struct ledger_facts *facts, enum ledger_part part)
{
    const char *const templates[] = {
        [LEDGER_CREATE] = facts->create,
        [LEDGER_SESSION] = facts->session,
        [LEDGER_LOCK] = facts->lock,
        [LEDGER_UNLOCK] = facts->unlock,
        [LEDGER_HELD] = facts->held,
        [LEDGER_RECORD] = facts->record,
        [LEDGER_START] = facts->start,
        [LEDGER_FORGET] = facts->forget,
        [LEDGER_FINISH] = facts->finish,
        [LEDGER_FAIL] = facts->fail,
        [LEDGER_MARK_APPLIED] = facts->mark_applied,
        [LEDGER_MARK_ROLLED_BACK] = facts->mark_rolled_back,
    };
    return templates[part];
}

bool ledger_has(const struct framework *framework, enum ledger_part part)
{
    return ledger_template(&framework->ledger, part) != NULL;
}

struct session_path framework_session_path(const struct framework *framework, const struct ledger *ledger)
{
    const struct ledger_facts *const facts = framework_ledger_facts(framework, ledger);
    return facts->path == NULL ? (struct session_path){.place = PATH_STAYS} : facts->path(ledger);
}

/* What is put before the path is evaluated with the connection's own path in force, where nullif would use whatever "="
 * it finds. */
static void put_path(struct buffer *sql, const struct session_path *path)
{
    static const char *const templates[] = {
        [PATH_STAYS] = "",
        [PATH_IN_FRONT] = "SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', {'{schema}'}, "
                          "CASE WHEN pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.<>) '' "
                          "THEN pg_catalog.current_setting('search_path') END), false);",
        [PATH_ALONE] = "SET search_path TO {schema};",
        [PATH_BY_SQL] = "",
    };
    const struct ledger first = {.schema = path->schema, .table = ""};
    template_put(sql, templates[path->place], NULL, &first, NULL);
}

void ledger_put(struct buffer *sql, const struct framework *framework, enum ledger_part part,
                const struct ledger *ledger, const struct ledger_record *record)
{
    if ((part == LEDGER_FINISH || part == LEDGER_MARK_APPLIED) && !ledger_has(framework, part)) {
        part = LEDGER_RECORD;
    }
    const struct ledger_facts *const facts = framework_ledger_facts(framework, ledger);
    const char *const template = ledger_template(facts, part);
    if (part == LEDGER_SESSION) {
        const struct session_path path = framework_session_path(framework, ledger);
        put_path(sql, &path);
    }
    if (template != NULL) {
        template_put(sql, template, facts->words, ledger, record);
    }
}

#define READ_STATE "pg_catalog.to_jsonb(truss_read) OPERATOR(pg_catalog.->>) 'state'"

static void put_kept_where(struct buffer *sql, enum ledger_part part, const struct ledger_record *record)
{
    if (part == LEDGER_START) {
        return;
    }
    if (part == LEDGER_MARK_ROLLED_BACK) {
        buffer_puts(sql, " AND " READ_STATE " OPERATOR(pg_catalog.=) 'failed'");
        return;
    }
    buffer_puts(sql, " AND coalesce(" READ_STATE ", '') OPERATOR(pg_catalog.<>) ALL "
                     "('{failed,rolled_back}'::pg_catalog.text[])");
    if (record->checksum != NULL) {
        buffer_puts(sql, " AND coalesce(pg_catalog.to_jsonb(truss_read) OPERATOR(pg_catalog.->>) 'checksum', ");
        ledger_put_text(sql, record->checksum);
        buffer_puts(sql, ") OPERATOR(pg_catalog.=) ");
        ledger_put_text(sql, record->checksum);
    }
}

void ledger_put_kept(struct buffer *sql, const struct framework *framework, enum ledger_part part,
                     const struct ledger *ledger, const struct ledger_record *record)
{
    const struct ledger_facts *const facts = framework_ledger_facts(framework, ledger);
    const bool is_undone = part == LEDGER_MARK_ROLLED_BACK;
    if (facts->kept != NULL && part != LEDGER_START && !is_undone) {
        template_put(sql, facts->kept, facts->words, ledger, record);
        return;
    }
    if (facts->read == NULL) {
        buffer_puts(sql, "SELECT");
        return;
    }
    struct buffer read = {.arena = sql->arena};
    ledger_put_as_read(&read, ledger);
    template_put(&read, facts->read, facts->words, ledger, NULL);
    buffer_printf(sql, "SELECT%s FROM (", is_undone ? " WHERE NOT EXISTS (SELECT" : "");
    buffer_add(sql, buffer_text(&read));
    buffer_puts(sql, ") AS truss_read WHERE truss_read.key::pg_catalog.text OPERATOR(pg_catalog.=) ");
    ledger_put_text(sql, record->key);
    put_kept_where(sql, part, record);
    buffer_puts(sql, is_undone ? ")" : "");
}

void ledger_put_beside(struct buffer *list, const struct framework *framework, const struct ledger *ledger,
                       bool is_to_be_made)
{
    const struct ledger_facts *const facts = framework_ledger_facts(framework, ledger);
    for (enum ledger_part part = is_to_be_made ? LEDGER_CREATE : LEDGER_CREATE + 1; part <= LEDGER_MARK_ROLLED_BACK;
         part++) {
        const char *const template = ledger_template(facts, part);
        if (template != NULL) {
            template_put_guarded(list, template, facts->words, ledger);
        }
    }
}
