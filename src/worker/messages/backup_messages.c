/*
 * The protocol has fewer status words than a backup has states.
 */
#include "worker/messages/backup_messages.h"

#include "worker/messages/messages.h"

#include <string.h>

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Backup__V1__##Type, truss__backup__v1__##type)

static const char *status_of(const char *state)
{
    static const char *const words[][2] = {
        {"waiting", "in_progress"}, {"running", "in_progress"}, {"completed", "completed"}, {"verifying", "completed"},
        {"restoring", "completed"}, {"failed", "failed"},       {"cancelled", "failed"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i][0], state) == 0) {
            return words[i][1];
        }
    }
    return "failed";
}

static Truss__Backup__V1__Restore *restore_message(struct arena *arena, const struct backup_row *row)
{
    if (row->restore_state[0] == '\0') {
        return NULL;
    }
    Truss__Backup__V1__Restore *const restore = NEW(arena, Restore, restore);
    restore->status = message_string(row->restore_state);
    restore->branch_id = (uint32_t)row->restore_branch_id;
    restore->branch_db = message_string(row->restore_branch);
    restore->duration_ms = row->restore_ms;
    restore->message = message_string(row->restore_message);
    restore->finished_at = strcmp(row->restore_state, "running") == 0 ? NULL : message_time(arena, row->restored_at);
    return restore;
}

Truss__Backup__V1__Backup *backup_message(struct arena *arena, const struct backup_row *row)
{
    Truss__Backup__V1__Backup *const message = NEW(arena, Backup, backup);
    message->id = (uint32_t)row->id;
    message->filename = message_string(row->filename);
    message->status = message_string(status_of(row->state));
    message->detail_status = message_string(row->state);
    message->size_bytes = (double)row->size;
    message->created_at = message_time(arena, row->created_at);
    message->completed_at = message_time(arena, row->completed_at);
    message->label = message_string(row->label);
    message->kind = message_string(row->kind);
    message->database = message_string(row->database);
    message->protected_ = row->is_protected;
    message->created_by = message_string(row->created_by);
    message->sha256 = message_string(row->sha256);
    message->database_bytes = (double)row->database_size;
    message->tables_done = row->tables_done;
    message->tables = row->tables;
    message->server_version = message_string(row->server_version);
    message->verified = message_string(row->verified);
    message->verified_at = message_time(arena, row->verified_at);
    MESSAGE_SET_OPTIONAL(message, message, TRUSS__BACKUP__V1__BACKUP___MESSAGE_MESSAGE,
                         row->message[0] == '\0' ? NULL : row->message);
    message->restore = restore_message(arena, row);
    return message;
}

Truss__Backup__V1__BackupAnswer *backup_answer(struct arena *arena, const struct backup_row *row, const char *message)
{
    Truss__Backup__V1__BackupAnswer *const answer = NEW(arena, BackupAnswer, backup_answer);
    answer->backup = backup_message(arena, row);
    answer->message = message_string(message);
    return answer;
}

Truss__Backup__V1__ListBackupsResponse *backup_list_message(struct arena *arena, const struct backup_list *list,
                                                            const char *folder)
{
    Truss__Backup__V1__ListBackupsResponse *const message = NEW(arena, ListBackupsResponse, list_backups_response);
    message->n_backups = list->count;
    message->backups = arena_array(arena, list->count + 1, sizeof *message->backups);
    for (size_t i = 0; i < list->count; i++) {
        message->backups[i] = backup_message(arena, &list->rows[i]);
    }
    MESSAGE_SET_OPTIONAL(message, problem, TRUSS__BACKUP__V1__LIST_BACKUPS_RESPONSE___PROBLEM_PROBLEM, list->problem);
    message->n_orphans = list->orphans.count;
    message->orphans = message_strings(arena, list->orphans.items, list->orphans.count);
    MESSAGE_SET_OPTIONAL(message, folder, TRUSS__BACKUP__V1__LIST_BACKUPS_RESPONSE___FOLDER_FOLDER, folder);
    return message;
}

Truss__Backup__V1__Schedule *backup_schedule_message(struct arena *arena, const struct backup_schedule *schedule)
{
    Truss__Backup__V1__Schedule *const message = NEW(arena, Schedule, schedule);
    message->enabled = schedule->enabled;
    message->frequency = message_string(schedule->frequency);
    message->hour = schedule->hour;
    message->retention_days = schedule->retention_days;
    message->keep_last = schedule->keep_last;
    message->keep_daily = schedule->keep_daily;
    message->keep_weekly = schedule->keep_weekly;
    message->verify = message_string(schedule->verify);
    message->next_at = message_time(arena, schedule->next_at);
    return message;
}

Truss__Backup__V1__BackupPiece *backup_piece_message(struct arena *arena, const struct download_piece *piece)
{
    Truss__Backup__V1__BackupPiece *const reply = NEW(arena, BackupPiece, backup_piece);
    reply->data = (ProtobufCBinaryData){piece->data.size, (uint8_t *)(uintptr_t)piece->data.data};
    reply->last = piece->is_last;
    reply->download_id = message_string(piece->id);
    reply->filename = message_string(piece->filename);
    reply->content_type = message_string("application/octet-stream");
    reply->total_bytes = (uint64_t)piece->total;
    reply->sha256 = message_string(piece->sha256);
    return reply;
}
