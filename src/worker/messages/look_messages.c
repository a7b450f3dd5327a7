/*
 * Checks, previews, findings and messages of marks.
 */
#include "worker/messages/look_messages.h"

#include "base/limits.h"
#include "worker/messages/messages.h"

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Migration__V1__##Type, truss__migration__v1__##type)

Truss__Migration__V1__PreviewResponse *preview_message(struct arena *arena, const struct preview *found)
{
    Truss__Migration__V1__PreviewResponse *const reply = NEW(arena, PreviewResponse, preview_response);
    reply->filename = message_string(found->filename);
    reply->content = message_string(found->content.size == 0 ? "" : found->content.data);
    reply->lines = found->lines;
    if (found->sql.size > 0) {
        reply->_sql_case = TRUSS__MIGRATION__V1__PREVIEW_RESPONSE___SQL_SQL;
        reply->sql = arena_strndup(arena, found->sql.data, found->sql.size);
    }
    MESSAGE_SET_OPTIONAL(reply, note, TRUSS__MIGRATION__V1__PREVIEW_RESPONSE___NOTE_NOTE, found->note);
    return reply;
}

static char **one_warning(struct arena *arena, const char *warning, size_t *count)
{
    char **const warnings = arena_array(arena, 1, sizeof *warnings);
    *count = warning == NULL ? 0 : 1;
    warnings[0] = message_string(warning == NULL ? "" : warning);
    return warnings;
}

Truss__Migration__V1__MarkAppliedResponse *mark_applied_message(struct arena *arena, const struct mark_told *told)
{
    Truss__Migration__V1__MarkAppliedResponse *const reply = NEW(arena, MarkAppliedResponse, mark_applied_response);
    reply->ok = true;
    reply->message = message_string(told->message);
    reply->warnings = one_warning(arena, told->warning, &reply->n_warnings);
    return reply;
}

Truss__Migration__V1__MarkRolledBackResponse *mark_rolled_back_message(struct arena *arena, const char *message)
{
    Truss__Migration__V1__MarkRolledBackResponse *const reply =
        NEW(arena, MarkRolledBackResponse, mark_rolled_back_response);
    reply->ok = true;
    reply->message = message_string(message);
    return reply;
}

Truss__Migration__V1__CheckResponse *check_message(struct arena *arena, const struct check *found)
{
    Truss__Migration__V1__CheckResponse *const reply = NEW(arena, CheckResponse, check_response);
    reply->database = message_string(found->database);
    reply->user = message_string(found->user);
    reply->pending_count = (uint32_t)found->pending_count;
    reply->n_pending_files = found->pending_count;
    reply->pending_files = arena_array(arena, found->pending_count, sizeof *reply->pending_files);
    for (size_t i = 0; i < found->pending_count; i++) {
        reply->pending_files[i] = message_string(found->pending[i]->name);
    }
    reply->target = message_target(arena, &found->target);
    reply->lock_count = found->lock_count;
    reply->active_tx_count = found->active_count;
    reply->n_warnings = found->warnings.count;
    reply->warnings = message_strings(arena, found->warnings.items, found->warnings.count);
    reply->n_warning_reasons = found->warnings.count;
    reply->warning_reasons = arena_array(arena, found->warnings.count, sizeof *reply->warning_reasons);
    for (size_t i = 0; i < found->warnings.count; i++) {
        reply->warning_reasons[i] = message_string(reason_word(found->warnings.reasons[i]));
    }
    reply->n_notes = found->notes.count;
    reply->notes = message_strings(arena, found->notes.items, found->notes.count);
    reply->safe = found->warnings.count == 0;
    message_clean(arena, &reply->base, LIMIT_MESSAGE);
    return reply;
}

static Truss__Migration__V1__Difference *difference_message(struct arena *arena, const struct schema_finding *found)
{
    Truss__Migration__V1__Difference *const difference = NEW(arena, Difference, difference);
    difference->type = message_string(found->type);
    difference->name = message_string(found->name);
    difference->difference = message_string(found->difference);
    MESSAGE_SET_OPTIONAL(difference, definition, TRUSS__MIGRATION__V1__DIFFERENCE___DEFINITION_DEFINITION,
                         found->definition);
    return difference;
}

/* Existing objects that are not known to be equal. */
static void set_differences(struct arena *arena, const struct schema_findings *found,
                            Truss__Migration__V1__DetectSchemaResponse *reply)
{
    reply->differences = arena_array(arena, found->count, sizeof *reply->differences);
    reply->uncompared = arena_array(arena, found->count + found->unjudged_count, sizeof *reply->uncompared);
    for (size_t i = 0; i < found->count; i++) {
        const struct schema_finding *const one = &found->items[i];
        if (one->difference != NULL) {
            reply->differences[reply->n_differences++] = difference_message(arena, one);
        } else if (one->exists && one->comparison == SCHEMA_UNCOMPARED) {
            reply->uncompared[reply->n_uncompared++] = message_string(one->name);
        }
    }
    for (size_t i = 0; i < found->unjudged_count; i++) {
        reply->uncompared[reply->n_uncompared++] = message_string(found->unjudged[i]);
    }
}

Truss__Migration__V1__DetectSchemaResponse *findings_message(struct arena *arena, const struct schema_findings *found)
{
    Truss__Migration__V1__DetectSchemaResponse *const reply = NEW(arena, DetectSchemaResponse, detect_schema_response);
    reply->n_findings = found->count;
    reply->findings = arena_array(arena, found->count, sizeof *reply->findings);
    for (size_t i = 0; i < found->count; i++) {
        Truss__Migration__V1__Finding *const finding = NEW(arena, Finding, finding);
        finding->type = message_string(found->items[i].type);
        finding->name = message_string(found->items[i].name);
        finding->exists = found->items[i].exists;
        reply->findings[i] = finding;
    }
    set_differences(arena, found, reply);
    reply->all_objects_exist = found->all_exist;
    reply->some_objects_exist = found->some_exist;
    reply->recommendation = message_string(found->recommendation);
    if (found->warning != NULL) {
        reply->warnings = arena_array(arena, 1, sizeof *reply->warnings);
        reply->warnings[reply->n_warnings++] = message_string(found->warning);
    }
    return reply;
}

Truss__Migration__V1__CreateResponse *created_message(struct arena *arena, const struct created *created)
{
    Truss__Migration__V1__CreateResponse *const reply = NEW(arena, CreateResponse, create_response);
    reply->ok = true;
    reply->name = message_string(created->name);
    reply->file = message_string(created->file);
    reply->summary = arena_printf(arena, "Created %s.", created->file);
    return reply;
}

static Truss__Migration__V1__MissingObject *missing_message(struct arena *arena, const struct baseline_missing *missing)
{
    Truss__Migration__V1__MissingObject *const message = NEW(arena, MissingObject, missing_object);
    message->migration = message_string(missing->migration);
    message->type = message_string(missing->type);
    message->name = message_string(missing->name);
    MESSAGE_SET_OPTIONAL(message, difference, TRUSS__MIGRATION__V1__MISSING_OBJECT___DIFFERENCE_DIFFERENCE,
                         missing->difference);
    return message;
}

Truss__Migration__V1__BaselineResponse *baseline_message(struct arena *arena, const struct baseline_result *result,
                                                         bool dry_run)
{
    Truss__Migration__V1__BaselineResponse *const reply = NEW(arena, BaselineResponse, baseline_response);
    reply->warnings = one_warning(arena, result->warning, &reply->n_warnings);
    reply->ok = result->ok;
    reply->message = message_string(result->message);
    reply->dry_run = dry_run;
    reply->already = (uint32_t)result->already;
    reply->n_migrations = result->count;
    reply->migrations = message_strings(arena, result->names, result->count);
    reply->n_unverified = result->unverified_count;
    reply->unverified = message_strings(arena, result->unverified, result->unverified_count);
    reply->missing = arena_array(arena, result->missing_count, sizeof *reply->missing);
    for (size_t i = 0; i < result->missing_count; i++) {
        reply->missing[reply->n_missing++] = missing_message(arena, &result->missing[i]);
    }
    MESSAGE_SET_OPTIONAL(reply, proposed, TRUSS__MIGRATION__V1__BASELINE_RESPONSE___PROPOSED_PROPOSED,
                         result->proposed);
    reply->target = message_target(arena, &result->target);
    return reply;
}
