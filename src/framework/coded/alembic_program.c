/*
 * What Alembic's env.py says about the ledger, read as text: version_table and version_table_schema are arguments of
 * context.configure, and not settings in alembic.ini.
 */
#include "framework/coded/alembic_program.h"

#include "framework/core/mention.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define PROGRAM_LIMIT ((size_t)1024 * 1024)

/* Arguments that env.py passes to context.configure. */
static const struct mention in_program[] = {
    {.files = "env.py", .words = "version_table"},
    {.files = "env.py", .words = "version_table_schema", .part = MENTION_SCHEMA},
    {0},
};

/* The option of alembic.ini that env.py reads for this argument: config.get_main_option("version_table"). NULL: another
 * value. */
static const char *asked_option(struct arena *arena, struct text program, size_t at)
{
    static const char call[] = "get_main_option(";
    const struct text line = text_slice(program, at, text_find(program, "\n", at));
    const size_t found = text_find(line, call, 0);
    const struct text rest = text_trim(text_slice(line, found + strlen(call), line.size));
    const bool is_quoted = found != SIZE_MAX && rest.size > 1 && strchr("\"'", rest.data[0]) != NULL;
    const size_t end = is_quoted ? text_find(rest, (const char[]){rest.data[0], '\0'}, 1) : SIZE_MAX;
    return end == SIZE_MAX ? NULL : arena_strndup(arena, rest.data + 1, end - 1);
}

/* Arguments that env.py passes on unseen, context.configure(**OPTIONS): they may name the ledger, unless they are built
 * in the file itself. Flask-Migrate's template passes on what the application says, which is looked up there. */
static void note_handed_on(struct arena *arena, struct folder *project, const struct source_file *program)
{
    const struct text content = program->content;
    const size_t call = text_find(content, "context.configure(", 0);
    const size_t at = call == SIZE_MAX ? SIZE_MAX : text_find(content, "**", call);
    size_t end = at == SIZE_MAX ? SIZE_MAX : at + 2;
    while (end < content.size && (isalnum((unsigned char)content.data[end]) != 0 || content.data[end] == '_')) {
        end++;
    }
    if (at == SIZE_MAX || text_find(content, "current_app", 0) != SIZE_MAX) {
        return;
    }
    const char *const name = arena_strndup(arena, content.data + at + 2, end - at - 2);
    const char *const forms[] = {arena_printf(arena, "%s = {", name), arena_printf(arena, "%s = dict(", name),
                                 arena_printf(arena, "%s: dict[str, ", name)};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (name[0] != '\0' && text_find(content, forms[i], 0) != SIZE_MAX) {
            return;
        }
    }
    unread_ledger_because(
        arena, project, *program, at,
        arena_printf(arena, "hands **%s to context.configure, which may name the tracking table", name));
}

/* A table without a schema is in the first schema of the search path that the program sets. */
static void note_search_path(struct arena *arena, struct folder *project, const struct source_file *program)
{
    static const struct mention path = {.words = "search_path"};
    struct mentioned said;
    size_t at = 0;
    if (mention_next(arena, &path, program, &at, &said)) {
        unread_ledger_because(arena, project, *program, said.at,
                              "has search_path, by which the tracking table may be in another schema");
    }
}

void alembic_read_program(struct arena *arena, struct folder *folder, const char *location,
                          const struct alembic_options *options)
{
    struct source_file program = {.name = path_join(arena, location, "env.py")};
    struct status unread = {.arena = arena};
    struct folder project = *folder;
    project.base = "";
    if (!file_read(arena, path_join(arena, folder->root, program.name), PROGRAM_LIMIT, &program.content, &unread)) {
        return;
    }
    project.ledger = (struct ledger){0};
    for (const struct mention *mention = in_program; mention->words != NULL; mention++) {
        struct mentioned said;
        for (size_t at = 0; mention_next(arena, mention, &program, &at, &said);) {
            const char *const option = asked_option(arena, program.content, at);
            if (said.kind == MENTION_COMPUTED && option != NULL) {
                said.value = alembic_option(arena, options, option, NULL);
                said.kind = said.value == NULL ? MENTION_NOTHING : MENTION_LITERAL;
            }
            mention_take_one(arena, &project, &program, mention, &said);
        }
    }
    if (project.ledger.schema == NULL) {
        note_search_path(arena, &project, &program);
    }
    if (project.ledger.table == NULL && project.ledger.schema == NULL) {
        note_handed_on(arena, &project, &program);
    }
    folder->ledger = project.ledger;
    folder->unread_ledger = project.unread_ledger;
}
