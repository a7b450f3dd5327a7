/*
 * Any UTF-8 text as a script: tokens stay inside it and always go on, statements lie in order, and a plan's steps are
 * parts of the script that do not overlap.
 */
#include "migration/plan/cut/cut.h"
#include "sql/classify.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool what)
{
    if (!what) {
        abort();
    }
}

static void read_tokens(struct arena *arena, struct text script)
{
    struct sql_lexer lexer = {.text = script};
    size_t end = 0;
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        require(token.offset >= end && token.text.size > 0 && token.text.data == script.data + token.offset);
        end = token.offset + token.text.size;
        require(end <= script.size && lexer.offset == end);
        sql_identifier(arena, &token);
        sql_string(arena, &token);
    }
}

static void read_statements(struct arena *arena, struct text script)
{
    struct sql_lexer lexer = {.text = script};
    struct sql_objects objects = {0};
    struct sql_statement statement;
    struct text body;
    size_t end = 0;
    while (sql_next_statement(&lexer, &statement)) {
        require(statement.start >= end && statement.end > statement.start && statement.end <= script.size);
        end = statement.end;
        const struct text text = text_slice(script, statement.start, statement.end);
        require((sql_classify(text) == SQL_CLASS_ALONE) == (sql_alone_reason(text) != NULL));
        sql_added_enum_value(arena, text);
        if (sql_do_block(arena, text, &body)) {
            require(body.size > 0 && body.size < text.size);
        }
        sql_created_objects(arena, text, &objects);
    }
}

/* Where PostgreSQL's parser knows the script, words alone find the same statements. */
static void compare_with_parser(struct arena *arena, struct text script)
{
    struct sql_lexer lexer = {.text = script};
    struct sql_statement statement;
    struct sql_split split;
    sql_split(arena, script, &split);
    require(split.parsed == (split.error == NULL) && split.error_offset <= script.size);
    for (size_t i = 0; i < split.count; i++) {
        require(sql_next_statement(&lexer, &statement));
        require(statement.start == split.statements[i].start && statement.end == split.statements[i].end);
        const struct text text = text_slice(script, statement.start, statement.end);
        require(sql_classify(text) == SQL_CLASS_PLAIN || sql_may_need_cutting(script));
    }
}

static const struct script_parts one_file = {.count = 0};

static void make_plan(struct arena *arena, struct text script)
{
    struct status status = {.arena = arena};
    struct position where;
    struct plan plan;
    if (!plan_build(arena, script, &(struct plan_options){0}, &plan, &status)) {
        require(status.code == STATUS_FAILED_PRECONDITION && status.message != NULL);
        return;
    }
    for (size_t i = 0; i < plan.count; i++) {
        const struct step *const step = &plan.steps[i];
        require(step->start >= (i == 0 ? 0 : step[-1].end) && step->end > step->start && step->end <= script.size);
        plan_failing_statement(arena, &(struct complaint){script, step->start, step->end, i, 0, &one_file}, &where,
                               NULL);
        plan_failing_statement(arena, &(struct complaint){script, step->start, step->end, 0, i, &one_file}, &where,
                               NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new(0);
    /* A block of its own, so that a byte read behind it is seen. */
    char *const copy = memory_alloc(size == 0 ? 1 : size);
    memcpy(copy, data, size);
    const struct text script = {copy, size};
    read_tokens(arena, script);
    if (text_is_utf8(script, NULL) && (size == 0 || memchr(script.data, '\0', size) == NULL)) {
        read_statements(arena, script);
        compare_with_parser(arena, script);
        make_plan(arena, script);
    }
    free(copy);
    arena_free(arena);
    return 0;
}
