/*
 * Only certain results are stored in the folder: a single name, the same everywhere.
 */
#include "framework/core/mention_found.h"

#include "framework/core/ledger.h"
#include "framework/core/mention_path.h"

#include <stdint.h>
#include <string.h>

#define MOST_COMPUTED 50 /* computed paths that are examined */

struct wanted mention_wanted(struct folder *folder, const struct project *project)
{
    struct wanted wanted = {.folder = folder};
    const bool has_table = folder->ledger.table != NULL || folder->unread_ledger != NULL;
    wanted.is_said[MENTION_TABLE] = wanted.is_said[MENTION_PREFIX] = wanted.is_said[MENTION_SUFFIX] = has_table;
    wanted.is_said[MENTION_SCHEMA] =
        project->schema != NULL || folder->ledger.schema != NULL || folder->unread_ledger != NULL;
    wanted.is_said[MENTION_SCRIPT_SCHEMA] = folder->script_schema != NULL || folder->unread_ledger != NULL;
    wanted.is_said[MENTION_COLUMN] = folder->unread_ledger != NULL;
    wanted.is_said[MENTION_FOLDER] = wanted.is_said[MENTION_PATH] = wanted.is_said[MENTION_ELSEWHERE] =
        project->migrations != NULL || folder->unread != NULL;
    wanted.is_said[MENTION_SETTING] = project->migrations != NULL;
    return wanted;
}

/* "app" in "app, public"; NULL for "$user". */
static const char *first_schema(struct arena *arena, const char *path)
{
    const struct text first = text_trim((struct text){path, strcspn(path, ",")});
    const struct text bare =
        text_starts_with(first, "\"") && first.size > 1 ? text_slice(first, 1, first.size - 1) : first;
    return bare.size == 0 || text_is(bare, "$user") ? NULL : arena_strndup(arena, bare.data, bare.size);
}

static const char *place_of(struct arena *arena, const struct folder *folder, const struct source_file *file,
                            const struct mentioned *mentioned)
{
    const size_t size = strlen(mentioned->word);
    return arena_printf(arena, "%s has %.*s", unread_place(arena, folder, *file, mentioned->at),
                        (int)(mentioned->word[size - 1] == '(' ? size - 1 : size), mentioned->word);
}

/* As the tool transforms the written name. */
static const char *name_of(struct arena *arena, const struct framework *framework, const char *said)
{
    return framework->ledger.folds_names ? ledger_folded_name(arena, said) : arena_strdup(arena, said);
}

/* If the ledger is known, the user's --ledger would not answer where scripts work: so it is only a note. */
static bool is_only_noted(struct arena *arena, struct wanted *wanted, enum mention_part part,
                          const struct source_file *file, const struct mentioned *mentioned)
{
    if (part != MENTION_SCRIPT_SCHEMA || !wanted->is_said[MENTION_SCHEMA]) {
        return false;
    }
    wanted->is_script_schema_unread = true;
    if (wanted->folder->note == NULL) {
        wanted->folder->note = arena_printf(
            arena, "%s: which schema that is cannot be read, so scripts run with the connection's own path",
            place_of(arena, wanted->folder, file, mentioned));
    }
    return true;
}

/* Keeps the name; a second, different one is a question to the user. */
static void keep(struct arena *arena, struct wanted *wanted, enum mention_part part, const struct source_file *file,
                 const struct mentioned *mentioned)
{
    struct finding *const found = &wanted->found[part];
    const bool is_schema = part == MENTION_SCHEMA || part == MENTION_SCRIPT_SCHEMA;
    const char *const value =
        is_schema ? first_schema(arena, mentioned->value) : name_of(arena, wanted->folder->framework, mentioned->value);
    if (value == NULL) {
        return;
    }
    if (found->value == NULL) {
        *found = (struct finding){value, place_of(arena, wanted->folder, file, mentioned)};
    } else if (strcmp(found->value, value) != 0 && !is_only_noted(arena, wanted, part, file, mentioned)) {
        unread_ledger_because(
            arena, wanted->folder, *file, mentioned->at,
            arena_printf(arena, "names %s, and another place %s (%s)", value, found->value, found->place));
    }
}

/* Keeps a path that code puts together, unless a configuration has said it. */
static void note_joined_path(struct arena *arena, struct wanted *wanted, const struct mention *mention,
                             const struct source_file *file, const struct mentioned *mentioned)
{
    const struct folder *const folder = wanted->folder;
    const char *const own = path_join(arena, folder->base, file->name);
    if (folder->evidence != NULL && strcmp(folder->evidence, own) == 0) {
        return;
    }
    const char *const path = mention->path_at(arena, folder, file, mentioned->at);
    const enum named_path named = path == NULL ? NAMED_OTHER : mention_judge(arena, folder, path);
    wanted->is_path_named = wanted->is_path_named || named == NAMED_IT;
    if (named == NAMED_OTHER && wanted->other_path == NULL) {
        const char *const place = place_of(arena, wanted->folder, file, mentioned);
        wanted->other_path =
            path == NULL ? arena_printf(arena, "%s, which is computed and cannot be read without running it", place)
                         : arena_printf(arena, "%s %s, which is not what was read", place, path);
    }
}

/* A command may name several folders with the same option (dbmate -d one -d more): all are meant. Another option, such
 * as a configuration file, is something else. */
static void note_several(struct arena *arena, struct wanted *wanted, const struct source_file *file,
                         const struct mentioned *mentioned, enum named_path named)
{
    const bool is_behind = wanted->named_in == file->name && mentioned->at > wanted->named_at &&
                           strcmp(wanted->named_by, mentioned->word) == 0;
    const struct text between = text_slice(file->content, wanted->named_at, is_behind ? mentioned->at : 0);
    const bool is_one_command = is_behind && mentioned->word[0] == '-' && text_find(between, "\n", 0) == SIZE_MAX &&
                                text_find(between, "\"", 0) == SIZE_MAX && text_find(between, ";", 0) == SIZE_MAX &&
                                text_find(between, "&", 0) == SIZE_MAX && text_find(between, "|", 0) == SIZE_MAX;
    const bool are_two =
        (named == NAMED_IT && wanted->was == NAMED_OTHER) || (named == NAMED_OTHER && wanted->was == NAMED_IT);
    if (is_one_command && are_two && wanted->several == NULL) {
        wanted->several = arena_printf(arena, "%s %s, and another folder as well: one is read at a time",
                                       place_of(arena, wanted->folder, file, mentioned), mentioned->value);
    }
    wanted->named_in = file->name;
    wanted->named_by = mentioned->word;
    wanted->named_at = mentioned->at + strlen(mentioned->word);
    wanted->was = named;
}

/* Judges the paths of a list; another folder than the one found counts most. */
static enum named_path judge_list(struct arena *arena, struct wanted *wanted, const struct source_file *file,
                                  const struct mentioned *mentioned, const char **counts)
{
    enum named_path named = NAMED_NOTHING;
    bool has_it = false;
    *counts = mentioned->value;
    for (const char *rest = mentioned->value; *rest != '\0';) {
        const size_t size = strcspn(rest, ",");
        const char *const path = arena_strndup(arena, rest, size);
        const enum named_path one = mention_path(arena, wanted->folder, file, path);
        has_it = has_it || one == NAMED_IT;
        *counts = one == NAMED_OTHER && named != NAMED_OTHER ? path : *counts;
        named = named == NAMED_NOTHING || one == NAMED_OTHER ? one : named;
        rest += size + (rest[size] == ',' ? 1 : 0);
    }
    if (has_it && named == NAMED_OTHER && wanted->several == NULL) {
        wanted->several = arena_printf(arena, "%s %s, and another folder as well: one is read at a time",
                                       place_of(arena, wanted->folder, file, mentioned), *counts);
    }
    return has_it ? NAMED_IT : named;
}

/* Keeps a path in a command or code: this folder, or another one. A command with a variable is the tool's usual one;
 * code that computes its folder may mean any. */
static void note_path(struct arena *arena, struct wanted *wanted, const struct mention *mention,
                      const struct source_file *file, const struct mentioned *mentioned)
{
    const char *path = NULL;
    if (mentioned->kind == MENTION_COMPUTED && mention->files != NULL &&
        (wanted->computed_count++ >= MOST_COMPUTED || !mention_has_name(arena, wanted->folder, file, mentioned->at))) {
        wanted->computed_path = wanted->computed_path != NULL
                                    ? wanted->computed_path
                                    : arena_printf(arena, "%s, which is computed and cannot be read without running it",
                                                   place_of(arena, wanted->folder, file, mentioned));
        return;
    }
    const enum named_path named =
        mentioned->kind == MENTION_COMPUTED ? NAMED_IT : judge_list(arena, wanted, file, mentioned, &path);
    wanted->is_path_named = wanted->is_path_named || named == NAMED_IT;
    note_several(arena, wanted, file, mentioned, named);
    if (named == NAMED_OTHER && wanted->other_path == NULL) {
        wanted->other_path = arena_printf(arena, "%s %s, which is not what was read",
                                          place_of(arena, wanted->folder, file, mentioned), path);
    }
}

void mention_scan(struct arena *arena, struct wanted *wanted, const struct mention *mention,
                  const struct source_file *file)
{
    struct mentioned mentioned;
    for (size_t at = 0; mention_next(arena, mention, file, &at, &mentioned);) {
        if (mention->take != NULL) {
            mention->take(arena, wanted->folder, file, &mentioned);
            continue;
        }
        const size_t size = strlen(mentioned.word);
        const char *const word =
            arena_strndup(arena, mentioned.word, mentioned.word[size - 1] == '(' ? size - 1 : size);
        if ((mentioned.kind == MENTION_NOTHING && mention->part != MENTION_ELSEWHERE) ||
            (mention->is_usual != NULL &&
             mention->is_usual(text_slice(file->content, mentioned.at + size, file->content.size), file->content))) {
            continue;
        }
        if (mention->part == MENTION_ELSEWHERE) {
            unread_folder_because(
                arena, wanted->folder, *file, mentioned.at,
                arena_printf(arena, "has %s: there are migrations that no file of this folder is", word));
        } else if (mention->part == MENTION_COLUMN) {
            unread_ledger_because(arena, wanted->folder, *file, mentioned.at,
                                  arena_printf(arena,
                                               "has %s: a column of the tracking table may have another name, "
                                               "under which it is not read",
                                               word));
        } else if (mention->path_at != NULL) {
            note_joined_path(arena, wanted, mention, file, &mentioned);
        } else if (mention->part == MENTION_PATH) {
            note_path(arena, wanted, mention, file, &mentioned);
        } else if (mention->part == MENTION_FOLDER) {
            unread_folder_because(
                arena, wanted->folder, *file, mentioned.at,
                arena_printf(arena, "has %s: migrations are in other folders as well, and one is read at a time",
                             word));
        } else if (mentioned.kind == MENTION_COMPUTED) {
            if (!is_only_noted(arena, wanted, mention->part, file, &mentioned)) {
                unread_ledger(arena, wanted->folder, *file, mentioned.at, word);
            }
        } else {
            keep(arena, wanted, mention->part, file, &mentioned);
        }
    }
}

/* The ledger's schema if mentioned, else the scripts'. */
static const char *schema_of(const struct wanted *wanted)
{
    const struct finding *const found = wanted->found;
    return found[MENTION_SCHEMA].value != NULL || wanted->is_said[MENTION_SCHEMA] ? found[MENTION_SCHEMA].value
                                                                                  : found[MENTION_SCRIPT_SCHEMA].value;
}

void mention_take(struct arena *arena, const struct wanted *wanted)
{
    struct folder *const folder = wanted->folder;
    const char *const usual = folder->framework->ledger.shapes[0].table;
    const struct finding *const found = wanted->found;
    const char *const parts[] = {found[MENTION_PREFIX].value, found[MENTION_TABLE].value, found[MENTION_SUFFIX].value};
    const char *name = arena_printf(arena, "%s%s%s", parts[0] == NULL ? "" : parts[0],
                                    parts[1] == NULL ? usual : parts[1], parts[2] == NULL ? "" : parts[2]);
    const char *const dot = strchr(name, '.');
    const char *schema = schema_of(wanted);
    const char *place = NULL;
    folder->unread = folder->unread == NULL ? wanted->several : folder->unread;
    if (folder->unread == NULL && !wanted->is_path_named) {
        folder->unread = wanted->other_path != NULL ? wanted->other_path
                         : wanted->is_only          ? NULL
                                                    : wanted->computed_path;
    }
    for (size_t i = 0; place == NULL && i < MENTION_FOLDER; i++) {
        place = found[i].place;
    }
    if (folder->unread_ledger != NULL || place == NULL) {
        return;
    }
    if (folder->script_schema == NULL && !wanted->is_script_schema_unread) {
        folder->script_schema = found[MENTION_SCRIPT_SCHEMA].value;
    }
    schema = dot == NULL ? schema : arena_strndup(arena, name, (size_t)(dot - name));
    name = dot == NULL ? name : dot + 1;
    if (strcmp(name, usual) != 0) {
        folder->ledger.table = name;
        folder->mentioned = place;
    }
    if (schema != NULL && strcmp(schema, "public") != 0 && folder->framework->ledger.is_fixed) {
        /* The scripts work in that schema as well, which only the connection can set. */
        folder->unread_ledger =
            arena_printf(arena, "%s=%s, and this connection URL does not: say ?schema=%s in it if that is meant", place,
                         schema, schema);
    } else if (schema != NULL && strcmp(schema, "public") != 0) {
        folder->ledger.schema = schema;
        folder->mentioned = place;
    }
}
