/*
 * The first wall of the workbench: a text is one SELECT, TABLE, VALUES or WITH, or EXPLAIN of one, made of nodes that
 * are known to only read, or it is refused before anything is sent. What it names is collected for the second wall
 * (policy.h), which looks at what the names mean on the server.
 */
#ifndef WORKBENCH_STATEMENT_H
#define WORKBENCH_STATEMENT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "workbench/nodes.h"

#include <stdbool.h>
#include <stddef.h>

/* Options of an EXPLAIN in the text that are passed on. */
struct explain_options {
    bool verbose;
    bool costs;
    bool settings;
    bool buffers;
    bool wal;
    bool summary;
    bool has_summary;
    bool generic_plan;
    bool memory;
    bool serialize;
    bool analyze; /* it was asked for; whether it is done is not the text's to say */
};

struct sql_statement {
    struct text query; /* the SELECT alone: a part of the text */
    size_t characters; /* of the text before it, for positions */
    bool is_explain;
    struct explain_options explain;
    struct sql_uses uses;
};

/* Reads a text. False and INVALID_ARGUMENT with the reason EMPTY, MULTI, KIND, DML, INTO, LOCK, FUNC or SYNTAX where it
 * is refused. Borrows the text. */
bool statement_read(struct arena *arena, struct text text, const struct statement_rules *rules,
                    struct sql_statement *statement, struct status *status);

/* Adds what the text of a view or of a check names. False where it cannot be read. */
bool statement_uses(struct arena *arena, struct text text, struct sql_uses *uses);

#endif
