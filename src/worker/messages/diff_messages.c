/*
 * The applied version and today's file, as a message.
 */
#include "worker/messages/look_messages.h"
#include "worker/messages/messages.h"

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Migration__V1__##Type, truss__migration__v1__##type)

MESSAGE_SAME(PAST_SAME, DIFF_BASIS__DIFF_BASIS_SAME);
MESSAGE_SAME(PAST_CHECKSUM, DIFF_BASIS__DIFF_BASIS_CHECKSUM);
MESSAGE_SAME(PAST_TIME, DIFF_BASIS__DIFF_BASIS_TIME);
MESSAGE_SAME(PAST_LAST, DIFF_BASIS__DIFF_BASIS_LAST);
MESSAGE_SAME(PAST_UNKNOWN, DIFF_BASIS__DIFF_BASIS_UNKNOWN);

/* NULL for no commit. */
static Truss__Migration__V1__Commit *commit_message(struct arena *arena, const struct past_commit *commit)
{
    if (commit->id == NULL) {
        return NULL;
    }
    Truss__Migration__V1__Commit *const message = NEW(arena, Commit, commit);
    message->id = message_string(commit->id);
    message->short_id = message_string(past_short_id(arena, commit));
    message->at = message_time(arena, commit->at);
    message->author = message_string(commit->author);
    message->subject = message_string(commit->subject);
    message->in_head = commit->is_of_head;
    return message;
}

static void set_commits(struct arena *arena, const struct past *past, Truss__Migration__V1__DiffResponse *reply)
{
    reply->commit = commit_message(arena, &past->commit);
    reply->deleted_in = commit_message(arena, &past->deleted);
    reply->later = arena_array(arena, past->later_count, sizeof *reply->later);
    for (size_t i = 0; i < past->later_count; i++) {
        reply->later[reply->n_later++] = commit_message(arena, &past->later[i]);
    }
}

static void set_item(const struct catalog_item *item, Truss__Migration__V1__DiffResponse *reply)
{
    reply->name = message_string(item->name);
    reply->state = (Truss__Migration__V1__State)item->state;
    MESSAGE_SET_OPTIONAL(reply, filename, TRUSS__MIGRATION__V1__DIFF_RESPONSE___FILENAME_FILENAME,
                         item->file == NULL ? NULL : item->file->filename);
    MESSAGE_SET_OPTIONAL(reply, stored_hash, TRUSS__MIGRATION__V1__DIFF_RESPONSE___STORED_HASH_STORED_HASH,
                         item->entry->checksum);
    MESSAGE_SET_OPTIONAL(reply, file_hash, TRUSS__MIGRATION__V1__DIFF_RESPONSE___FILE_HASH_FILE_HASH, item->checksum);
}

Truss__Migration__V1__DiffResponse *diff_message(struct arena *arena, const struct past *past)
{
    Truss__Migration__V1__DiffResponse *const reply = NEW(arena, DiffResponse, diff_response);
    set_item(past->item, reply);
    reply->basis = (Truss__Migration__V1__DiffBasis)past->basis;
    reply->summary = message_string(past->summary);
    reply->diff = message_string(past->diff.size == 0 ? "" : past->diff.data);
    reply->added = (uint32_t)past->added;
    reply->removed = (uint32_t)past->removed;
    MESSAGE_SET_OPTIONAL(reply, content, TRUSS__MIGRATION__V1__DIFF_RESPONSE___CONTENT_CONTENT, past->content.data);
    reply->cut = past->is_cut;
    set_commits(arena, past, reply);
    MESSAGE_SET_OPTIONAL(reply, path, TRUSS__MIGRATION__V1__DIFF_RESPONSE___PATH_PATH, past->place);
    reply->uncommitted = past->is_uncommitted;
    MESSAGE_SET_OPTIONAL(reply, moved_to, TRUSS__MIGRATION__V1__DIFF_RESPONSE___MOVED_TO_MOVED_TO, past->moved_to);
    MESSAGE_SET_OPTIONAL(reply, restore, TRUSS__MIGRATION__V1__DIFF_RESPONSE___RESTORE_RESTORE, past->restore);
    reply->notes = arena_array(arena, past->note_count, sizeof *reply->notes);
    for (size_t i = 0; i < past->note_count; i++) {
        reply->notes[reply->n_notes++] = message_string(past->notes[i]);
    }
    reply->versions = (uint32_t)past->versions;
    reply->commits = (uint32_t)past->commits;
    return reply;
}
