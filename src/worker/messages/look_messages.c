/*
 * Checks, previews, findings and the words of a mark as messages.
 */
#include "worker/messages/look_messages.h"

#include "worker/messages/messages.h"

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Migration__V1__##Type, truss__migration__v1__##type)

_Static_assert((int)SCHEMA_UNCOMPARED == (int)TRUSS__MIGRATION__V1__COMPARISON__COMPARISON_UNSPECIFIED &&
                   (int)SCHEMA_SAME == (int)TRUSS__MIGRATION__V1__COMPARISON__COMPARISON_SAME &&
                   (int)SCHEMA_DIFFERENT == (int)TRUSS__MIGRATION__V1__COMPARISON__COMPARISON_DIFFERENT,
               "comparisons are numbered as in the contract");

Truss__Migration__V1__PreviewResponse *preview_message(struct arena *arena, const struct preview *found)
{
    Truss__Migration__V1__PreviewResponse *const reply = NEW(arena, PreviewResponse, preview_response);
    reply->filename = message_string(found->filename);
    reply->content = message_string(found->content.size == 0 ? "" : found->content.data);
    reply->lines = text_lines(found->content);
    if (found->sql.size > 0) {
        reply->_sql_case = TRUSS__MIGRATION__V1__PREVIEW_RESPONSE___SQL_SQL;
        reply->sql = arena_strndup(arena, found->sql.data, found->sql.size);
    }
    MESSAGE_SET_OPTIONAL(reply, note, TRUSS__MIGRATION__V1__PREVIEW_RESPONSE___NOTE_NOTE, found->note);
    return reply;
}

Truss__Migration__V1__MarkAppliedResponse *mark_applied_message(struct arena *arena, const char *message)
{
    Truss__Migration__V1__MarkAppliedResponse *const reply = NEW(arena, MarkAppliedResponse, mark_applied_response);
    reply->ok = true;
    reply->message = message_string(message);
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
    reply->lock_count = found->lock_count;
    reply->active_tx_count = found->active_count;
    reply->n_warnings = found->warning_count;
    reply->warnings = arena_array(arena, found->warning_count, sizeof *reply->warnings);
    for (size_t i = 0; i < found->warning_count; i++) {
        reply->warnings[i] = message_string(found->warnings[i]);
    }
    reply->safe = found->warning_count == 0;
    return reply;
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
        finding->comparison = (Truss__Migration__V1__Comparison)found->items[i].comparison;
        MESSAGE_SET_OPTIONAL(finding, difference, TRUSS__MIGRATION__V1__FINDING___DIFFERENCE_DIFFERENCE,
                             found->items[i].difference);
        MESSAGE_SET_OPTIONAL(finding, definition, TRUSS__MIGRATION__V1__FINDING___DEFINITION_DEFINITION,
                             found->items[i].definition);
        reply->findings[i] = finding;
    }
    reply->all_objects_exist = found->all_exist;
    reply->some_objects_exist = found->some_exist;
    reply->recommendation = message_string(found->recommendation);
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
