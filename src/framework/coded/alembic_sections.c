#include "framework/coded/alembic_sections.h"

#include "base/words.h"
#include "framework/formats/config.h"

#include <stdint.h>
#include <string.h>

#define MOST_SECTIONS 100 /* of a file; each is searched for in all of it */

struct words alembic_other_sections(struct arena *arena, struct text content)
{
    struct words sections = {0};
    struct text rest = content;
    size_t count = 0;
    for (struct text line; count < MOST_SECTIONS && text_next_line(&rest, &line);) {
        const struct text trimmed = text_trim(line);
        if (trimmed.size < 3 || trimmed.data[0] != '[' || trimmed.data[trimmed.size - 1] != ']') {
            continue;
        }
        count++;
        const char *const name = arena_strndup(arena, trimmed.data + 1, trimmed.size - 2);
        if (strcmp(name, "alembic") != 0 && !words_have(&sections, name) &&
            config_value(arena, content, name, "script_location") != NULL) {
            words_add(arena, &sections, name);
        }
    }
    return sections;
}

void alembic_note_sections(struct arena *arena, struct folder *folder, struct text content, bool has_usual)
{
    const struct words sections = alembic_other_sections(arena, content);
    if (sections.count > 0 && !has_usual) {
        unread_folder_because(
            arena, folder, (struct source_file){"alembic.ini", content}, text_find(content, "script_location", 0),
            arena_printf(arena, "has no script_location in [alembic], and one in [%s]", sections.items[0]));
    } else if (sections.count > 0) {
        folder->note = arena_printf(arena,
                                    "alembic.ini has migrations of their own in [%s]%s (alembic -n %s), which are not "
                                    "looked at: these are [alembic]'s. --migrations names the others' folder.",
                                    sections.items[0], sections.count > 1 ? " and others" : "", sections.items[0]);
    }
}

void alembic_note_databases(struct arena *arena, struct folder *folder, struct text content)
{
    const struct words names = config_list(arena, content, "alembic", "databases", " ,;\n\t");
    if (names.count > 1) {
        const size_t at = text_find(content, names.items[0], text_find(content, "databases", 0));
        unread_ledger_because(arena, folder, (struct source_file){"alembic.ini", content}, at,
                              arena_printf(arena,
                                           "names several databases (%s), each with a tracking table of its own, of "
                                           "which this connection is one",
                                           words_joined(arena, &names)));
    }
}

bool alembic_names_usual_section(struct text behind, struct text content)
{
    static const char usual[] = "alembic";
    const bool has_sign = text_starts_with(behind, " ") || text_starts_with(behind, "=");
    const struct text name = text_slice(behind, has_sign ? 1 : 0, behind.size);
    (void)content;
    return text_starts_with(name, usual) &&
           (name.size == strlen(usual) || strchr(" \t\r\n\"'&;|", name.data[strlen(usual)]) != NULL);
}
