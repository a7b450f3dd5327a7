/*
 * Converts row by row.
 */
#include "worker/messages/branch_messages.h"

#include "rpc/status_message.h"
#include "worker/messages/messages.h"

#include <string.h>

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Branch__V1__##Type, truss__branch__v1__##type)

static void put_numbers(const struct branch_row *row, Truss__Branch__V1__Branch *message)
{
    if (row->size >= 0) {
        message->_size_bytes_case = TRUSS__BRANCH__V1__BRANCH___SIZE_BYTES_SIZE_BYTES;
        message->size_bytes = (double)row->size;
    }
    if (row->data_at != NO_TIME && row->now >= row->data_at) {
        message->_age_of_data_s_case = TRUSS__BRANCH__V1__BRANCH___AGE_OF_DATA_S_AGE_OF_DATA_S;
        message->age_of_data_s = (double)((row->now - row->data_at) / 1000000);
    }
    if (row->wal_bytes >= 0) {
        message->_wal_bytes_case = TRUSS__BRANCH__V1__BRANCH___WAL_BYTES_WAL_BYTES;
        message->wal_bytes = (double)row->wal_bytes;
    }
}

static void put_words(struct arena *arena, const struct branch_row *row, Truss__Branch__V1__Branch *message)
{
    message->n_warnings = row->warnings.count;
    message->warnings = arena_array(arena, row->warnings.count + 1, sizeof *message->warnings);
    for (size_t i = 0; i < row->warnings.count; i++) {
        message->warnings[i] = text_clean(arena, row->warnings.items[i], MESSAGE_TEXT);
    }
    if (row->last_error != NULL && row->last_error[0] != '\0') {
        message->_last_error_case = TRUSS__BRANCH__V1__BRANCH___LAST_ERROR_LAST_ERROR;
        message->last_error = text_clean(arena, row->last_error, MESSAGE_TEXT);
    }
}

Truss__Branch__V1__Branch *branch_message(struct arena *arena, const struct branch_row *row)
{
    Truss__Branch__V1__Branch *const message = NEW(arena, Branch, branch);
    message->id = (uint32_t)row->id;
    message->label = message_string(row->label);
    message->parent_db = message_string(row->parent);
    message->branch_db = message_string(row->branch);
    message->status = message_string(row->status);
    message->ttl_hours = row->ttl_hours;
    message->created_at = message_time(arena, row->created_at);
    message->expires_at = message_time(arena, row->expires_at);
    message->protected_ = row->is_protected;
    message->kind = message_string(row->kind);
    message->strategy = message_string(row->strategy);
    message->source = message_string(row->source);
    message->created_by = message_string(row->created_by);
    message->duration_ms = row->duration_ms;
    put_numbers(row, message);
    put_words(arena, row, message);
    return message;
}

Truss__Branch__V1__ListBranchesResponse *branches_message(struct arena *arena, const struct branch_list *list)
{
    Truss__Branch__V1__ListBranchesResponse *const message = NEW(arena, ListBranchesResponse, list_branches_response);
    message->n_branches = list->count;
    message->total_count = (uint32_t)list->count;
    message->truncated = list->is_truncated;
    message->branches = arena_array(arena, list->count + 1, sizeof *message->branches);
    for (size_t i = 0; i < list->count; i++) {
        message->branches[i] = branch_message(arena, &list->rows[i]);
    }
    return message;
}

static Truss__Branch__V1__BranchDifference *difference_message(struct arena *arena, const struct branch_difference *one)
{
    Truss__Branch__V1__BranchDifference *const message = NEW(arena, BranchDifference, branch_difference);
    message->change = message_string(one->parent == NULL ? "added" : one->branch == NULL ? "removed" : "changed");
    message->kind = message_string(one->kind);
    message->name = message_string(one->name);
    MESSAGE_SET_OPTIONAL(message, parent, TRUSS__BRANCH__V1__BRANCH_DIFFERENCE___PARENT_PARENT, one->parent);
    MESSAGE_SET_OPTIONAL(message, branch, TRUSS__BRANCH__V1__BRANCH_DIFFERENCE___BRANCH_BRANCH, one->branch);
    return message;
}

Truss__Branch__V1__DiffBranchResponse *branch_diff_message(struct arena *arena, const struct branch_row *row,
                                                           const struct branch_differences *differences)
{
    Truss__Branch__V1__DiffBranchResponse *const message = NEW(arena, DiffBranchResponse, diff_branch_response);
    message->id = (uint32_t)row->id;
    message->parent_db = message_string(row->parent);
    message->branch_db = message_string(row->branch);
    message->same = differences->count == 0 && differences->unknown.count == 0;
    message->truncated = differences->is_truncated;
    message->n_differences = differences->count;
    message->differences = arena_array(arena, differences->count + 1, sizeof *message->differences);
    for (size_t i = 0; i < differences->count; i++) {
        message->differences[i] = difference_message(arena, &differences->items[i]);
    }
    message->n_unknown = differences->unknown.count;
    message->unknown = message_strings(arena, differences->unknown.items, differences->unknown.count);
    message->n_not_compared = differences->left_out.count;
    message->not_compared = message_strings(arena, differences->left_out.items, differences->left_out.count);
    return message;
}

static const char *words_of(const char *phase)
{
    static const char *const words[][2] = {
        {"waiting", "Waiting for the end of other sessions, or of a run."},
        {"copying", "Copying the database."},
        {"dumping", "Dumping the database."},
        {"restoring", "Restoring the dump."},
        {"finishing", "Putting back the owner, the grants and the settings."},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i][0], phase) == 0) {
            return words[i][1];
        }
    }
    return phase;
}

Truss__Branch__V1__WaitBranchResponse *branch_news_message(struct arena *arena, const struct branch_news *news,
                                                           uint32_t after)
{
    Truss__Branch__V1__WaitBranchResponse *const message = NEW(arena, WaitBranchResponse, wait_branch_response);
    message->n_events = news->count;
    message->events = arena_array(arena, news->count + 1, sizeof *message->events);
    for (size_t i = 0; i < news->count; i++) {
        Truss__Branch__V1__BranchEvent *const event = NEW(arena, BranchEvent, branch_event);
        event->id = after + (uint32_t)i + 1;
        event->at = message_time(arena, news->events[i].at);
        event->phase = message_string(news->events[i].phase);
        event->message = message_string(words_of(news->events[i].phase));
        message->events[i] = event;
    }
    message->error = news->has_failed ? status_message(arena, &news->status) : NULL;
    return message;
}
