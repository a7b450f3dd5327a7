/*
 * Turns the search's result into sentences for people.
 */
#include "migration/past/past.h"

#include "base/words.h"
#include "migration/look/content.h"
#include "migration/past/search.h"

#include <inttypes.h>
#include <string.h>

#define SHORT_ID 10

struct telling {
    const struct request *request;
    const struct catalog *catalog;
    const struct past_result *result;
    struct past *past;
};

/* ---- words ---- */

const char *past_short_id(struct arena *arena, const struct past_commit *commit)
{
    return arena_strndup(arena, commit->id, strlen(commit->id) < SHORT_ID ? strlen(commit->id) : SHORT_ID);
}

static void add_note(struct past *past, const char *note)
{
    if (past->note_count < sizeof past->notes / sizeof past->notes[0]) {
        past->notes[past->note_count++] = note;
    }
}

/* "commit 1a2b3c4d5e (2026-01-10, Ann Example: add posts)" */
static const char *commit_words(struct arena *arena, const struct past_commit *commit)
{
    char at[RFC3339_SIZE];
    clock_rfc3339(commit->at, at);
    return arena_printf(arena, "commit %s (%.10s, %s: %s)", past_short_id(arena, commit), at, commit->author,
                        commit->subject);
}

/* ---- the two texts ---- */

static struct text cut_off(const struct telling *telling, struct text text)
{
    const struct text shown = text_cut(text, LIMIT_SHOWN);
    telling->past->is_cut = telling->past->is_cut || shown.size < text.size;
    return (struct text){arena_strndup(telling->request->arena, shown.size == 0 ? "" : shown.data, shown.size),
                         shown.size};
}

static void count_lines(struct past *past)
{
    struct text rest = past->diff;
    struct text line;
    for (size_t i = 0; text_next_line(&rest, &line); i++) {
        past->added += i > 1 && text_starts_with(line, "+") ? 1 : 0;
        past->removed += i > 1 && text_starts_with(line, "-") ? 1 : 0;
    }
}

/* Today's content, in the form of the version: the file, or what is sent of its part. Empty if it is gone. */
static bool read_today(const struct telling *telling, const struct past_version *version, struct text *today)
{
    const struct migration_file *const file = telling->past->item->file;
    struct arena *const arena = telling->request->arena;
    *today = (struct text){"", 0};
    if (file == NULL || file->missing) {
        return true;
    }
    if (version->sql.data != NULL) {
        *today = past_sql(telling->request, &telling->catalog->detection.folder, file);
        if (today->data != NULL) {
            return true;
        }
    }
    struct migration_file whole = *file;
    struct loaded loaded;
    whole.is_code = true; /* its text unchanged */
    whole.end = 0;
    const struct migration_place place = {&telling->request->site->project, &telling->catalog->detection.folder,
                                          &whole};
    if (!migration_load(arena, &place, &loaded, telling->request->status)) {
        return false;
    }
    *today = loaded.content;
    return true;
}

static bool compare(const struct telling *telling, const struct past_version *version)
{
    struct past *const past = telling->past;
    struct arena *const arena = telling->request->arena;
    const struct migration_file *const file = past->item->file;
    const struct text old = version->sql.data != NULL ? version->sql : version->content;
    struct text today;
    past->commit = version->commit;
    past->place = version->place;
    if (!read_today(telling, version, &today)) {
        return false;
    }
    if (!text_is_legible(old)) {
        add_note(past, "The version is not UTF-8 text, so it is not shown.");
        return true;
    }
    past->content = cut_off(telling, old);
    const bool is_gone = file == NULL || file->missing;
    const struct past_pair pair = {
        .old = old,
        .new = today,
        .old_name = arena_printf(arena, "a/%s\t%s", version->place, past_short_id(arena, &version->commit)),
        .new_name = is_gone ? "/dev/null"
                            : arena_printf(arena, "b/%s",
                                           path_join(arena, telling->catalog->detection.folder.path, file->filename)),
    };
    if (!past_diff(telling->request, &pair, &past->diff)) {
        return false;
    }
    count_lines(past);
    past->diff = cut_off(telling, past->diff);
    return true;
}

/* ---- why nothing is shown ---- */

static const char *why_ended(struct arena *arena, const struct past_result *result)
{
    const struct past_search *const search = &result->search;
    const char *const end = search->end == NULL ? "all" : search->end;
    return result->has_pointers ? "Git has only pointers of it here (Git LFS), whose files are kept elsewhere."
           : search->is_shallow ? "This clone is shallow: `git fetch --unshallow` brings the rest of the history."
           : strcmp(end, "missing") == 0
               ? "Parts of the history are not in this clone (a partial one?): `git fetch --refetch` brings them."
           : strcmp(end, "all") != 0
               ? arena_printf(arena, "The search was ended (%s) after %zu commits: older ones were not searched.", end,
                              search->commits)
               : NULL;
}

static const char *why_unknown(const struct telling *telling)
{
    struct arena *const arena = telling->request->arena;
    const struct past_result *const result = telling->result;
    const struct ledger_entry *const entry = telling->past->item->entry;
    const char *const end = why_ended(arena, result);
    if (result->search.refusal != NULL) {
        return result->search.refusal;
    }
    if (result->search.versions == 0) {
        return arena_printf(arena, "Git has no version of it: it was never committed%s%s",
                            end == NULL ? "." : " here. ", end == NULL ? "" : end);
    }
    if (result->last.commit.id == NULL && result->unlisted != NULL) {
        return arena_printf(arena, "It is in none of the %zu versions of its folder; one could not be read: %s",
                            result->search.versions, result->unlisted);
    }
    if (entry->checksum != NULL) {
        return arena_printf(
            arena, "None of the %zu versions that git has fits the tracking table's checksum. %s",
            result->search.versions,
            end != NULL
                ? end
                : "It was applied with a text that was never committed, or that is in no branch or tag of this clone.");
    }
    return arena_printf(arena, "Git has no version that was committed before it was applied. %s",
                        end == NULL ? "" : end);
}

/* ---- the answer ---- */

static const char *keeps_none(const struct telling *telling)
{
    return arena_printf(telling->request->arena, "%s keeps no checksum of it, so what was applied cannot be known.",
                        telling->catalog->detection.framework->display_name);
}

/* "the file differs from it: 2 lines added, 1 removed." */
static const char *difference_words(const struct telling *telling)
{
    const struct past *const past = telling->past;
    struct arena *const arena = telling->request->arena;
    if (past->item->file == NULL || past->item->file->missing) {
        return "the file is gone.";
    }
    if (past->diff.size == 0) {
        return telling->result->fit.has_other_endings ? "the file differs from it in its line endings alone."
               : past->basis != PAST_CHECKSUM         ? "the file is the same today."
                                              : "its text is the same today, but the checksum covers more than that "
                                                "(what comes before it, or what is filled in).";
    }
    return arena_printf(arena, "the file differs from it (%zu %s added, %zu removed).", past->added,
                        past->added == 1 ? "line" : "lines", past->removed);
}

static void set_summary(const struct telling *telling)
{
    struct past *const past = telling->past;
    struct arena *const arena = telling->request->arena;
    const char *const commit = past->commit.id == NULL ? "" : commit_words(arena, &past->commit);
    switch (past->basis) {
    case PAST_SAME:
        past->summary = "The file is what was applied: the tracking table has its checksum.";
        break;
    case PAST_CHECKSUM:
        past->summary = arena_printf(arena, "What was applied is the version of %s, by its checksum; %s", commit,
                                     difference_words(telling));
        break;
    case PAST_TIME:
        past->summary = arena_printf(
            arena, "%s By time, not proven: the newest version that was committed before is that of %s; %s",
            keeps_none(telling), commit, difference_words(telling));
        break;
    case PAST_LAST:
        past->summary =
            arena_printf(arena, "%s Not proven: its last version is that of %s.",
                         past->item->entry->checksum == NULL ? keeps_none(telling) : why_unknown(telling), commit);
        break;
    default:
        past->summary = past->item->entry->checksum != NULL
                            ? why_unknown(telling)
                            : arena_printf(arena, "%s %s", keeps_none(telling), why_unknown(telling));
    }
}

static void add_notes(const struct telling *telling)
{
    struct past *const past = telling->past;
    struct arena *const arena = telling->request->arena;
    if (past->deleted.id != NULL) {
        add_note(past, past->moved_to == NULL
                           ? arena_printf(arena, "The file was deleted in %s.", commit_words(arena, &past->deleted))
                           : arena_printf(arena, "The file was moved to %s in %s.", past->moved_to,
                                          commit_words(arena, &past->deleted)));
    } else if (past->commit.id != NULL && past->item->file == NULL) {
        add_note(past, "It is in the newest commit: the file was deleted, and that is not committed.");
    }
    if (past->commit.id != NULL && !past->commit.is_of_head) {
        add_note(past, "That commit is not in the history of HEAD: it is of another branch or tag.");
    }
    if (past->commit.id != NULL && past->commit.is_edge) {
        add_note(past, "The clone ends at that commit (it is shallow): the version may be an older one's.");
    }
    if (past->is_cut) {
        add_note(past, "It is longer than what is shown here.");
    }
}

static void set_restore(const struct telling *telling)
{
    struct past *const past = telling->past;
    struct arena *const arena = telling->request->arena;
    if (past->commit.id != NULL && (past->diff.size > 0 || past->item->file == NULL)) {
        past->restore = arena_printf(arena, "git checkout %s -- %s", past_short_id(arena, &past->commit),
                                     words_quoted(arena, arena_printf(arena, ":/%s", past->place)));
    }
}

/* Compares today's file with the newest version in git. */
static void set_uncommitted(const struct telling *telling)
{
    struct past *const past = telling->past;
    struct text today;
    struct status ignored = {.arena = telling->request->arena};
    struct request asking = *telling->request;
    asking.status = &ignored;
    const struct telling reading = {&asking, telling->catalog, telling->result, past};
    const struct past_version *const last = &telling->result->last;
    past->is_uncommitted = last->commit.id != NULL && last->commit.is_of_head && past->item->file != NULL &&
                           read_today(&reading, last, &today) &&
                           !text_equal(today, last->sql.data != NULL ? last->sql : last->content);
}

static bool tell(struct telling *telling)
{
    struct past *const past = telling->past;
    const struct past_result *const result = telling->result;
    const bool fits = result->fit.commit.id != NULL;
    const bool is_gone = past->item->file == NULL || past->item->file->missing;
    past->versions = result->search.versions;
    past->commits = result->search.commits;
    past->basis = fits ? (past->item->entry->checksum != NULL ? PAST_CHECKSUM : PAST_TIME)
                  : is_gone && result->last.commit.id != NULL ? PAST_LAST
                                                              : PAST_UNKNOWN;
    if (past->basis != PAST_UNKNOWN && !compare(telling, fits ? &result->fit : &result->last)) {
        return false;
    }
    if (fits && !is_gone) {
        past->later = result->later;
        past->later_count = result->later_count;
    }
    if (is_gone) {
        past->deleted = result->deleted;
        past->moved_to = result->moved_to;
    }
    set_uncommitted(telling);
    add_notes(telling);
    set_restore(telling);
    set_summary(telling);
    return true;
}

static bool is_recorded(const struct request *request, const struct catalog_item *item)
{
    const struct ledger_entry *const entry = item->entry;
    return (entry != NULL && (entry->state == ENTRY_APPLIED || entry->checksum != NULL)) ||
           status_fail(
               request->status, STATUS_FAILED_PRECONDITION,
               "%s is pending: the tracking table has nothing that its file could be compared with. What it says: "
               "truss preview %s",
               item->name, words_quoted(request->arena, item->name));
}

static bool find_item(const struct request *request, const char *name, struct catalog *catalog, struct past *past)
{
    if (name[0] == '\0') {
        return status_fail(request->status, STATUS_INVALID_ARGUMENT, "migration name is required.");
    }
    struct pg_session *const session = request_connect(request);
    const bool ok = session != NULL && catalog_read(request, session, catalog);
    request_release(request, session);
    if (!ok) {
        return false;
    }
    past->item = catalog_find(catalog, text_of(name));
    if (past->item == NULL && catalog->problem != NULL) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION, "%s", catalog->problem);
    }
    return past->item != NULL ? is_recorded(request, past->item)
                              : catalog_not_found(catalog, text_of(name), request->status);
}

bool past_of(const struct request *request, const char *name, struct past *past)
{
    struct catalog *const catalog = arena_alloc(request->arena, sizeof *catalog);
    struct past_result *const result = arena_alloc(request->arena, sizeof *result);
    *past = (struct past){0};
    if (!find_item(request, name, catalog, past)) {
        return false;
    }
    struct telling telling = {request, catalog, result, past};
    const struct catalog_item *const item = past->item;
    if (item->file != NULL && item->verified && item->state == MIGRATION_APPLIED) {
        past->basis = PAST_SAME;
        set_summary(&telling);
        return true;
    }
    return past_search(request, catalog, item, result) && tell(&telling);
}
