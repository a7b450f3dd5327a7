/*
 * Assignments are at the beginning of a line, outside of strings and brackets; the last one counts. Nothing is
 * evaluated: what is more than strings and brackets is computed, and so are strings side by side.
 */
#include "framework/coded/alembic_revision.h"

#include "base/files.h"
#include "base/text.h"
#include "framework/coded/python.h"

#define PROGRAM_LIMIT ((size_t)1024 * 1024)

/* The right side of an assignment. */
struct value {
    struct words words;
    bool is_computed;
};

/* How the depth of brackets changes with a token. */
static int bracket(const struct python_token *token)
{
    if (token->kind != PYTHON_SIGN) {
        return 0;
    }
    const char sign = token->text.data[0];
    return sign == '(' || sign == '[' || sign == '{' ? 1 : -(sign == ')' || sign == ']' || sign == '}');
}

static bool is_sign(const struct python_token *token, char sign)
{
    return token->kind == PYTHON_SIGN && token->text.data[0] == sign;
}

/* Is this token, which is no string, part of a value that only consists of strings? */
static bool is_plain(const struct python_token *token)
{
    return (token->kind == PYTHON_NAME && text_is(token->text, "None")) || bracket(token) != 0 || is_sign(token, ',');
}

/* Reads the value at this offset, up to the end of its line. */
static struct value read_value(struct arena *arena, struct text source, size_t at)
{
    struct value value = {0};
    struct python_token token;
    bool was_string = false;
    int depth = 0;
    while (python_next(source, &at, &token) && (depth > 0 || (!token.begins_line && !is_sign(&token, ';')))) {
        const bool is_string = token.kind == PYTHON_STRING;
        if (is_string) {
            words_add(arena, &value.words, arena_strndup(arena, token.text.data, token.text.size));
        }
        value.is_computed = value.is_computed || (is_string ? was_string : !is_plain(&token));
        was_string = is_string;
        depth += bracket(&token);
    }
    return value;
}

/* What is read. */
enum name {
    NAME_REVISION,
    NAME_DOWN_REVISION,
    NAME_DEPENDS_ON,
    NAME_BRANCH_LABELS,
    NAMES,
};

/* Which of the names it is; NAMES: none of them. */
static enum name name_of(struct text word)
{
    static const char *const names[NAMES] = {"revision", "down_revision", "depends_on", "branch_labels"};
    size_t i = 0;
    while (i < NAMES && !text_is(word, names[i])) {
        i++;
    }
    return (enum name)i;
}

/* Reads, of each name, the right side of the last "name = …" or "name: type = …" at the start of a line. */
static void read_assignments(struct arena *arena, const struct text source, struct value values[NAMES])
{
    struct python_token token;
    int depth = 0;
    for (size_t at = 0; python_next(source, &at, &token);) {
        const bool starts =
            depth <= 0 && token.kind == PYTHON_NAME && (token.text.data == source.data || token.text.data[-1] == '\n');
        const enum name name = starts ? name_of(token.text) : NAMES;
        size_t behind = at;
        depth += bracket(&token);
        if (name != NAMES && python_is_set(source, &behind)) {
            values[name] = read_value(arena, source, behind);
        }
    }
}

/* Appends the revisions that an assignment names. */
static void add_parents(struct arena *arena, const struct value *value, struct alembic_revision *revision)
{
    words_add_all(arena, &revision->parents, &value->words);
    revision->is_computed = revision->is_computed || value->is_computed;
}

struct alembic_revision *alembic_revision_read(struct arena *arena, const char *path, struct status *status)
{
    struct text source;
    if (!file_read(arena, path, PROGRAM_LIMIT, &source, status)) {
        return NULL;
    }
    struct alembic_revision *const revision = arena_alloc(arena, sizeof *revision);
    source = text_without_mark(source);
    struct value values[NAMES] = {0};
    read_assignments(arena, source, values);
    const struct value *const id = &values[NAME_REVISION];
    revision->id = id->is_computed || id->words.count != 1 ? NULL : id->words.items[0];
    add_parents(arena, &values[NAME_DOWN_REVISION], revision);
    revision->down_count = revision->parents.count;
    add_parents(arena, &values[NAME_DEPENDS_ON], revision);
    revision->labels = values[NAME_BRANCH_LABELS].words;
    return revision;
}
