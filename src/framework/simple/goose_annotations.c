/*
 * What goose's parser stops at (ParseSQLMigration of internal/sqlparser/parser.go, 3.27), and what it cuts in two. It
 * parses a whole file before it runs any of it, so what is wrong below "-- +goose Down" stops it, too.
 */
#include "framework/simple/goose_annotations.h"

#include "framework/core/line_cuts.h"

#include <string.h>

enum annotation { UP, DOWN, STATEMENT_BEGIN, STATEMENT_END, OTHER, UNKNOWN };

/* The state of its parser. */
struct parse {
    bool is_up;    /* between Up and Down */
    bool is_below; /* Down was there */
    bool is_one;   /* between StatementBegin and StatementEnd */
    bool has_line; /* its buffer is not empty */
    bool has_text; /* … and contains more than blanks */
    struct line_cuts cuts;
};

/* Is it a line from which it reads an annotation? */
static bool is_annotation(struct text line)
{
    return text_starts_with(text_trim(line), "--") && text_find(line, "+goose", 0) != SIZE_MAX;
}

static enum annotation annotation_of(struct text line)
{
    static const struct {
        const char *words;
        enum annotation annotation;
    } known[] = {
        {"Up", UP},
        {"Down", DOWN},
        {"StatementBegin", STATEMENT_BEGIN},
        {"StatementEnd", STATEMENT_END},
        {"NO TRANSACTION", OTHER},
        {"ENVSUB ON", OTHER},
        {"ENVSUB OFF", OTHER},
    };
    const struct text said = text_trim(text_slice(line, text_starts_with(line, "--") ? 2 : 0, line.size));
    const size_t mark = text_starts_with(said, "+goose") ? strlen("+goose") : 0;
    const struct text words = text_trim(text_slice(said, mark, said.size));
    for (size_t i = 0; mark > 0 && i < sizeof known / sizeof known[0]; i++) {
        if (text_is_nocase(words, known[i].words)) {
            return known[i].annotation;
        }
    }
    return UNKNOWN;
}

static const char *unended(const struct parse *parse)
{
    return parse->is_one ? "a \"-- +goose StatementBegin\" above has no \"-- +goose StatementEnd\""
           : parse->has_text && parse->is_up
               ? "the last statement of the part above has no semicolon at the end of a line"
               : NULL;
}

/* Follows an annotation; `at`: where its line begins in the script. Returns why goose stops; NULL: it goes on. */
static const char *follow(struct parse *parse, struct text line, size_t at)
{
    const char *problem = NULL;
    const enum annotation annotation = annotation_of(line);
    switch (annotation) {
    case UP:
        parse->is_up = true;
        break;
    case DOWN:
        problem = parse->is_below ? "it is the second \"-- +goose Down\"" : unended(parse);
        parse->is_up = false;
        parse->is_below = true;
        break;
    case STATEMENT_BEGIN:
        problem = parse->is_one ? "the \"-- +goose StatementBegin\" above has no \"-- +goose StatementEnd\" yet"
                  : !parse->is_up && !parse->is_below ? "it is above \"-- +goose Up\""
                                                      : NULL;
        parse->is_one = true;
        break;
    case STATEMENT_END:
        problem = parse->is_one ? NULL : "it has no \"-- +goose StatementBegin\" above it";
        parse->is_one = parse->has_line = parse->has_text = false;
        (void)line_cut(&parse->cuts, at, true);
        break;
    case OTHER:
        break;
    case UNKNOWN:
        problem = "a comment with \"+goose\" must be one of its annotations, and this is none";
        break;
    }
    return problem;
}

/* Follows a line of SQL, which begins at this offset of the script. */
static const char *take(struct parse *parse, struct text line, size_t at)
{
    const bool is_comment = text_starts_with(text_trim(line), "--");
    if (!parse->is_up || (!parse->has_line && (is_comment || line.size == 0))) {
        return NULL;
    }
    const size_t semicolon = parse->is_one ? SIZE_MAX : line_semicolon(line);
    parse->has_line = semicolon == SIZE_MAX;
    parse->has_text = parse->has_line && (parse->has_text || text_trim(line).size > 0);
    return semicolon == SIZE_MAX || line_cut(&parse->cuts, at + semicolon, false)
               ? NULL
               : "it ends a statement at the semicolon at the end of this line, which is inside of one, and PostgreSQL "
                 "refuses both halves. Put \"-- +goose StatementBegin\" above that statement and \"-- +goose "
                 "StatementEnd\" below it";
}

static bool fail(const struct script_request *request, unsigned line, const char *problem)
{
    return status_fail(request->status, STATUS_FAILED_PRECONDITION, "%s, line %u: goose stops here, because %s.",
                       request->file->filename, line, problem);
}

bool goose_annotations(const struct script_request *request)
{
    const struct text sql = line_ends(request->arena, request->script->sql, "+goose StatementEnd", true);
    struct text lines = text_without_mark(request->content);
    struct text rest = sql;
    struct parse parse = {.cuts = {.lexer = {.text = sql}}};
    unsigned number = 0;
    struct text said;
    for (struct text line; text_next_line(&lines, &said) && text_next_line(&rest, &line);) {
        const size_t at = (size_t)(line.data - sql.data);
        const char *const problem = is_annotation(said) ? follow(&parse, said, at) : take(&parse, line, at);
        number++;
        if (problem != NULL) {
            return fail(request, number, problem);
        }
    }
    const char *const problem = unended(&parse);
    request->script->sql = sql;
    return problem == NULL || fail(request, number, problem);
}
