/*
 * States, ledgers and sources as messages.
 */
#include "worker/messages/status_messages.h"

#include "base/digest.h"
#include "base/limits.h"
#include "framework/core/ledger.h"
#include "migration/look/changed.h"
#include "worker/messages/messages.h"

#include <stdlib.h>
#include <string.h>

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Migration__V1__##Type, truss__migration__v1__##type)

MESSAGE_SAME(MIGRATION_APPLIED, STATE__STATE_APPLIED);
MESSAGE_SAME(MIGRATION_PENDING, STATE__STATE_PENDING);
MESSAGE_SAME(MIGRATION_MODIFIED, STATE__STATE_MODIFIED);
MESSAGE_SAME(MIGRATION_ORPHANED, STATE__STATE_ORPHANED);
MESSAGE_SAME(DETAIL_NONE, DETAIL_STATE__DETAIL_STATE_UNSPECIFIED);
MESSAGE_SAME(DETAIL_FAILED, DETAIL_STATE__DETAIL_STATE_FAILED);
MESSAGE_SAME(DETAIL_ROLLED_BACK, DETAIL_STATE__DETAIL_STATE_ROLLED_BACK);
MESSAGE_SAME(DETAIL_OUT_OF_ORDER, DETAIL_STATE__DETAIL_STATE_OUT_OF_ORDER);
MESSAGE_SAME(DETAIL_FILE_MISSING, DETAIL_STATE__DETAIL_STATE_FILE_MISSING);
MESSAGE_SAME(DETAIL_BASELINE, DETAIL_STATE__DETAIL_STATE_BASELINE);
MESSAGE_SAME(DETAIL_SKIPPED, DETAIL_STATE__DETAIL_STATE_SKIPPED);
MESSAGE_SAME(DETAIL_OUTDATED, DETAIL_STATE__DETAIL_STATE_OUTDATED);
MESSAGE_SAME(DETAIL_DUPLICATE, DETAIL_STATE__DETAIL_STATE_DUPLICATE);
MESSAGE_SAME(CONFIDENCE_LOW, CONFIDENCE__CONFIDENCE_LOW);
MESSAGE_SAME(CONFIDENCE_LIKELY, CONFIDENCE__CONFIDENCE_LIKELY);
MESSAGE_SAME(CONFIDENCE_CERTAIN, CONFIDENCE__CONFIDENCE_CERTAIN);

static Truss__Migration__V1__Attempt *attempt_message(struct arena *arena, const struct ledger_entry *entry)
{
    Truss__Migration__V1__Attempt *const attempt = NEW(arena, Attempt, attempt);
    attempt->id = message_string(entry->id);
    attempt->checksum = message_string(entry->checksum);
    attempt->started_at = message_time(arena, entry->started_at);
    attempt->finished_at = message_time(arena, entry->finished_at);
    attempt->rolled_back_at = message_time(arena, entry->rolled_back_at);
    attempt->applied_steps_count = entry->steps;
    MESSAGE_SET_OPTIONAL(attempt, logs, TRUSS__MIGRATION__V1__ATTEMPT___LOGS_LOGS, entry->logs);
    return attempt;
}

static void set_entry(struct arena *arena, Truss__Migration__V1__Migration *message, const struct ledger_entry *entry)
{
    MESSAGE_SET_OPTIONAL(message, stored_hash, TRUSS__MIGRATION__V1__MIGRATION___STORED_HASH_STORED_HASH,
                         entry->checksum);
    MESSAGE_SET_OPTIONAL(message, logs, TRUSS__MIGRATION__V1__MIGRATION___LOGS_LOGS, entry->logs);
    if (entry->state != ENTRY_APPLIED) {
        return;
    }
    if (entry->finished_at != NO_TIME) {
        message->_applied_at_case = TRUSS__MIGRATION__V1__MIGRATION___APPLIED_AT_APPLIED_AT;
        message->applied_at = message_time(arena, entry->finished_at);
    }
    const int64_t ms = ledger_entry_ms(entry);
    if (ms >= 0) {
        message->_duration_ms_case = TRUSS__MIGRATION__V1__MIGRATION___DURATION_MS_DURATION_MS;
        message->duration_ms = ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
    }
}

static Truss__Migration__V1__FailedAttempt *failed_message(struct arena *arena, const struct failed_attempt *failure)
{
    Truss__Migration__V1__FailedAttempt *const message = NEW(arena, FailedAttempt, failed_attempt);
    message->at = message_time(arena, failure->at);
    message->by = message_string(failure->by);
    message->message = message_string(failure->message);
    message->line = failure->line;
    message->column = failure->column;
    message->partially_applied = failure->partially_applied;
    if (failure->file != TRIED_FILE_NOT_KNOWN) {
        message->_file_changed_case = TRUSS__MIGRATION__V1__FAILED_ATTEMPT___FILE_CHANGED_FILE_CHANGED;
        message->file_changed = failure->file == TRIED_FILE_HAS_CHANGED;
    }
    MESSAGE_SET_OPTIONAL(message, sqlstate, TRUSS__MIGRATION__V1__FAILED_ATTEMPT___SQLSTATE_SQLSTATE,
                         failure->sqlstate);
    MESSAGE_SET_OPTIONAL(message, detail, TRUSS__MIGRATION__V1__FAILED_ATTEMPT___DETAIL_DETAIL, failure->detail);
    MESSAGE_SET_OPTIONAL(message, hint, TRUSS__MIGRATION__V1__FAILED_ATTEMPT___HINT_HINT, failure->hint);
    MESSAGE_SET_OPTIONAL(message, statement, TRUSS__MIGRATION__V1__FAILED_ATTEMPT___STATEMENT_STATEMENT,
                         failure->statement);
    return message;
}

/* What the run has measured is what it has reported; the tracking table has the time before the commit. */
static void set_applied_by(Truss__Migration__V1__Migration *message, const struct applied_by *by)
{
    if (by != NULL) {
        const char *const actor = by->actor[0] == '\0' ? NULL : by->actor;
        MESSAGE_SET_OPTIONAL(message, applied_by, TRUSS__MIGRATION__V1__MIGRATION___APPLIED_BY_APPLIED_BY, actor);
        MESSAGE_SET_OPTIONAL(message, applied_in, TRUSS__MIGRATION__V1__MIGRATION___APPLIED_IN_APPLIED_IN,
                             by->operation);
    }
    if (by != NULL && by->duration_ms >= 0) {
        message->_duration_ms_case = TRUSS__MIGRATION__V1__MIGRATION___DURATION_MS_DURATION_MS;
        message->duration_ms = by->duration_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)by->duration_ms;
    }
}

/* What was marked was not executed: the time of its row is no duration. */
static void set_marked(Truss__Migration__V1__Migration *message, const struct applied_by *by)
{
    if (by != NULL && by->is_marked) {
        message->_duration_ms_case = TRUSS__MIGRATION__V1__MIGRATION___DURATION_MS__NOT_SET;
        message->detail_state = message->detail_state == TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_UNSPECIFIED
                                    ? TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_BASELINE
                                    : message->detail_state;
    }
}

static void set_half_done(struct arena *arena, Truss__Migration__V1__Migration *message,
                          const struct half_done_list *list, const struct catalog_item *item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].item == item) {
            MESSAGE_SET_OPTIONAL(message, note, TRUSS__MIGRATION__V1__MIGRATION___NOTE_NOTE,
                                 half_done_sentence(arena, &list->items[i]));
        }
    }
}

/* The item with this index. */
static Truss__Migration__V1__Migration *migration_message(struct arena *arena, const struct status_answer *answer,
                                                          size_t number)
{
    const struct catalog_item *const item = &answer->catalog->items[number];
    const struct failed_attempt *const failure = answer->failures[number];
    Truss__Migration__V1__Migration *const message = NEW(arena, Migration, migration);
    message->name = message_string(item->name);
    message->state = (Truss__Migration__V1__State)item->state;
    message->detail_state = (Truss__Migration__V1__DetailState)item->detail;
    MESSAGE_SET_OPTIONAL(message, file_hash, TRUSS__MIGRATION__V1__MIGRATION___FILE_HASH_FILE_HASH, item->checksum);
    MESSAGE_SET_OPTIONAL(message, note, TRUSS__MIGRATION__V1__MIGRATION___NOTE_NOTE, item->note);
    message->verified = item->verified;
    if (item->file != NULL) {
        message->is_code = item->file->is_code;
        MESSAGE_SET_OPTIONAL(message, filename, TRUSS__MIGRATION__V1__MIGRATION___FILENAME_FILENAME,
                             item->file->filename);
    }
    message->last_failure = failure == NULL ? NULL : failed_message(arena, failure);
    if (item->entry != NULL) {
        set_entry(arena, message, item->entry);
    }
    set_applied_by(message, answer->applied_by[number]);
    set_marked(message, answer->applied_by[number]);
    set_half_done(arena, message, answer->half_done, item);
    message->n_attempts = item->attempt_count;
    message->attempts = arena_array(arena, item->attempt_count, sizeof *message->attempts);
    for (size_t i = 0; i < item->attempt_count; i++) {
        message->attempts[i] = attempt_message(arena, &item->attempts[i]);
    }
    return message;
}

/* A ledger with a folder belongs to that framework; otherwise to all that it fits. */
static Truss__Migration__V1__DetectedTable *table_message(struct arena *arena, const struct detection *detection,
                                                          const struct found_ledger *found)
{
    Truss__Migration__V1__DetectedTable *const table = NEW(arena, DetectedTable, detected_table);
    struct buffer names = {.arena = arena};
    table->schema = message_string(found->ledger.schema);
    table->table = message_string(found->ledger.table);
    table->evidence = message_string(found->evidence);
    table->confidence = found->candidate_count == 1 ? TRUSS__MIGRATION__V1__CONFIDENCE__CONFIDENCE_LIKELY
                                                    : TRUSS__MIGRATION__V1__CONFIDENCE__CONFIDENCE_LOW;
    for (size_t i = 0; i < detection->source_count; i++) {
        const struct source *const source = &detection->sources[i];
        if (source->has_folder && source->has_ledger && strcmp(source->ledger.schema, found->ledger.schema) == 0 &&
            strcmp(source->ledger.table, found->ledger.table) == 0) {
            table->framework = message_string(source->framework->display_name);
            table->confidence = TRUSS__MIGRATION__V1__CONFIDENCE__CONFIDENCE_CERTAIN;
            return table;
        }
    }
    for (size_t i = 0; i < found->candidate_count; i++) {
        buffer_printf(&names, "%s%s", i == 0 ? "" : " or ", found->candidates[i]->display_name);
    }
    table->framework = message_string(buffer_string(&names));
    return table;
}

static Truss__Migration__V1__Source *source_message(struct arena *arena, const struct source *source, bool chosen)
{
    Truss__Migration__V1__Source *const message = NEW(arena, Source, source);
    message->framework = message_string(source->framework->id);
    message->display_name = message_string(source->framework->display_name);
    message->confidence = (Truss__Migration__V1__Confidence)source->confidence;
    message->chosen = chosen;
    message->reason = message_string(source->reason);
    if (source->has_folder) {
        MESSAGE_SET_OPTIONAL(message, folder, TRUSS__MIGRATION__V1__SOURCE___FOLDER_FOLDER, source->folder.path);
    }
    if (source->has_ledger) {
        MESSAGE_SET_OPTIONAL(message, tracking_table, TRUSS__MIGRATION__V1__SOURCE___TRACKING_TABLE_TRACKING_TABLE,
                             ledger_full_name(arena, &source->ledger));
    }
    message->evidence = arena_array(arena, source->evidence_count, sizeof *message->evidence);
    for (size_t i = 0; i < source->evidence_count; i++) {
        message->evidence[message->n_evidence++] = message_string(source->evidence[i]);
    }
    return message;
}

static void set_detection(struct arena *arena, Truss__Migration__V1__GetStatusResponse *reply,
                          const struct detection *detection)
{
    const bool is_chosen = detection->framework != NULL && detection->problem == NULL;
    reply->detected_tables = arena_array(arena, detection->ledgers.count, sizeof *reply->detected_tables);
    for (size_t i = 0; i < detection->ledgers.count; i++) {
        reply->detected_tables[reply->n_detected_tables++] =
            table_message(arena, detection, &detection->ledgers.items[i]);
    }
    reply->sources = arena_array(arena, detection->source_count, sizeof *reply->sources);
    for (size_t i = 0; i < detection->source_count; i++) {
        reply->sources[reply->n_sources++] = source_message(arena, &detection->sources[i], i == 0 && is_chosen);
    }
    if (detection->framework != NULL) {
        MESSAGE_SET_OPTIONAL(reply, framework, TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___FRAMEWORK_FRAMEWORK,
                             detection->framework->display_name);
        MESSAGE_SET_OPTIONAL(reply, framework_id, TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___FRAMEWORK_ID_FRAMEWORK_ID,
                             detection->framework->id);
    }
    if (detection->has_ledger) {
        MESSAGE_SET_OPTIONAL(reply, tracking_table,
                             TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___TRACKING_TABLE_TRACKING_TABLE,
                             ledger_full_name(arena, &detection->ledger));
    }
    if (detection->has_folder) {
        MESSAGE_SET_OPTIONAL(reply, folder, TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___FOLDER_FOLDER,
                             detection->folder.path);
    }
}

static void add_warnings(Truss__Migration__V1__GetStatusResponse *reply, enum reason reason,
                         const char *const *warnings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        reply->warnings[reply->n_warnings++] = message_string(warnings[i]);
        reply->warning_reasons[reply->n_warning_reasons++] = message_string(reason_word(reason));
    }
}

/* NULL: there is none. */
static void add_warning(Truss__Migration__V1__GetStatusResponse *reply, enum reason reason, const char *warning)
{
    add_warnings(reply, reason, &warning, warning == NULL ? 0 : 1);
}

/* Is the warning already in the reply? */
static bool is_said(const Truss__Migration__V1__GetStatusResponse *reply, const char *warning)
{
    for (size_t i = 0; i < reply->n_warnings; i++) {
        if (strstr(warning, reply->warnings[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void set_warnings(struct arena *arena, Truss__Migration__V1__GetStatusResponse *reply,
                         const struct status_answer *answer)
{
    const struct catalog *const catalog = answer->catalog;
    const struct half_done_list *const half_done = answer->half_done;
    const struct detection *const detection = &catalog->detection;
    const size_t most =
        detection->warning_count + catalog->files.warning_count + catalog->entries.warning_count + half_done->count + 6;
    reply->warnings = arena_array(arena, most, sizeof *reply->warnings);
    reply->warning_reasons = arena_array(arena, most, sizeof *reply->warning_reasons);
    add_warning(reply, REASON_SERVER, detection->standby);
    add_warnings(reply, REASON_PROJECT, detection->warnings, detection->warning_count);
    add_warnings(reply, REASON_PROJECT, catalog->files.warnings, catalog->files.warning_count);
    add_warnings(reply, REASON_PROJECT, catalog->entries.warnings, catalog->entries.warning_count);
    add_warning(reply, REASON_OTHER_DATABASE, catalog->other_database);
    add_warning(reply, REASON_OTHER_DATABASE, catalog->aside);
    add_warning(reply, REASON_RIGHTS, detection->unwritable);
    add_warning(reply, REASON_UNDER_WAY, answer->under_way);
    for (size_t i = 0; i < half_done->count; i++) {
        if (half_done->items[i].item == NULL) {
            add_warning(reply, REASON_UNRESOLVED, half_done_sentence(arena, &half_done->items[i]));
        }
    }
    if (answer->problem != NULL && !is_said(reply, answer->problem)) {
        add_warning(reply, REASON_NO_START, answer->problem);
    }
}

/* ---- a page ---- */

#define TOKEN_HASH 16 /* digits of it */

/* A hash of the name of the last of the first `count` migrations. */
static const char *hash_of(struct arena *arena, const struct catalog *catalog, size_t count)
{
    return arena_strndup(arena, sha256_hex_of(arena, text_of(catalog->items[count - 1].name)), TOKEN_HASH);
}

/* A token for the place after the first `count` migrations. */
static const char *page_token(struct arena *arena, const struct catalog *catalog, size_t count)
{
    return arena_printf(arena, "%zu-%s", count, hash_of(arena, catalog, count));
}

/* Is this the place that the token means, whatever its number? */
static bool is_place(struct arena *arena, const struct catalog *catalog, size_t count, const char *hash)
{
    return count > 0 && count <= catalog->count && strcmp(hash_of(arena, catalog, count), hash) == 0;
}

/* Where the page begins. The number is right if nothing was added or removed before it; otherwise the name is
 * searched. */
static bool page_begin(const struct catalog *catalog, const char *token, size_t *begin, struct status *status)
{
    const char *const dash = strchr(token, '-');
    const char *const hash = dash == NULL ? NULL : dash + 1;
    *begin = strtoul(token, NULL, 10);
    if (token[0] == '\0' || (hash != NULL && is_place(status->arena, catalog, *begin, hash))) {
        return true;
    }
    for (size_t count = 1; hash != NULL && count <= catalog->count; count++) {
        if (is_place(status->arena, catalog, count, hash)) {
            *begin = count;
            return true;
        }
    }
    return status_fail(status, STATUS_INVALID_ARGUMENT,
                       "The page_token is no longer valid: the migration after which the page begins does not exist "
                       "any more. Ask for the first page, without a token.");
}

static bool is_asked_for(const Truss__Migration__V1__GetStatusRequest *asked, const struct catalog_item *item)
{
    for (size_t i = 0; i < asked->n_state; i++) {
        if (asked->state[i] == (Truss__Migration__V1__State)item->state) {
            return true;
        }
    }
    return asked->n_state == 0;
}

static bool set_migrations(struct arena *arena, Truss__Migration__V1__GetStatusResponse *reply,
                           const struct status_answer *answer, const Truss__Migration__V1__GetStatusRequest *asked,
                           struct status *status)
{
    const struct catalog *const catalog = answer->catalog;
    const size_t most = asked->limit == 0 ? SIZE_MAX : asked->limit;
    size_t i;
    if (!page_begin(catalog, asked->page_token, &i, status)) {
        return false;
    }
    reply->migrations = arena_array(arena, catalog->count - i, sizeof *reply->migrations);
    for (size_t last = i; i < catalog->count; i++) {
        if (!is_asked_for(asked, &catalog->items[i])) {
            continue;
        }
        if (reply->n_migrations == most) {
            MESSAGE_SET_OPTIONAL(reply, next_page_token,
                                 TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___NEXT_PAGE_TOKEN_NEXT_PAGE_TOKEN,
                                 page_token(arena, catalog, last));
            break;
        }
        reply->migrations[reply->n_migrations++] = migration_message(arena, answer, i);
        last = i + 1;
    }
    return true;
}

/* Zeros are real counts if a folder or a tracking table was read, or if there is neither. */
static bool is_counted(const struct catalog *catalog)
{
    const struct detection *const detection = &catalog->detection;
    const bool has_nothing = detection->framework == NULL && detection->problem == NULL &&
                             detection->unreadable == NULL && !detection->is_cut;
    return catalog->problem == NULL || catalog->count > 0 || has_nothing;
}

static void set_summary(struct arena *arena, Truss__Migration__V1__GetStatusResponse *reply,
                        const struct catalog *catalog)
{
    if (!is_counted(catalog)) {
        return;
    }
    reply->summary = NEW(arena, Summary, summary);
    reply->summary->applied = (uint32_t)catalog->counts[MIGRATION_APPLIED];
    reply->summary->pending = (uint32_t)catalog->counts[MIGRATION_PENDING];
    reply->summary->modified = (uint32_t)catalog->counts[MIGRATION_MODIFIED];
    reply->summary->orphaned = (uint32_t)catalog->counts[MIGRATION_ORPHANED];
}

/* A half-done migration without a file: no run begins, so "nothing to do" cannot be said. NULL: there is none. */
static const char *lost_half_done(struct arena *arena, const struct half_done_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].item == NULL) {
            return half_done_sentence(arena, &list->items[i]);
        }
    }
    return NULL;
}

Truss__Migration__V1__GetStatusResponse *status_reply(struct arena *arena, const struct status_answer *answer,
                                                      const Truss__Migration__V1__GetStatusRequest *asked,
                                                      struct status *status)
{
    const struct catalog *const catalog = answer->catalog;
    Truss__Migration__V1__GetStatusResponse *const reply = NEW(arena, GetStatusResponse, get_status_response);
    reply->database = message_string(answer->target->database);
    reply->target = message_target(arena, answer->target);
    MESSAGE_SET_OPTIONAL(reply, problem, TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___PROBLEM_PROBLEM,
                         catalog->problem != NULL ? catalog->problem : lost_half_done(arena, answer->half_done));
    if (!set_migrations(arena, reply, answer, asked, status)) {
        return NULL;
    }
    set_summary(arena, reply, catalog);
    MESSAGE_SET_OPTIONAL(reply, edits_unseen, TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___EDITS_UNSEEN_EDITS_UNSEEN,
                         changed_unseen(arena, catalog));
    set_detection(arena, reply, &catalog->detection);
    set_warnings(arena, reply, answer);
    message_clean(arena, &reply->base, LIMIT_MESSAGE); /* notes name directories, which may be called anything */
    return reply;
}
