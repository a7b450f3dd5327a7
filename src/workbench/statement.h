/*
 * The first barrier of the workbench: a text must be one SELECT, TABLE, VALUES or WITH, or EXPLAIN of one, consisting
 * of nodes that are known to only read; otherwise it is refused before anything is sent. The names in it are collected
 * for the second barrier (policy.h), which checks what they mean on the server.
 */
#ifndef WORKBENCH_STATEMENT_H
#define WORKBENCH_STATEMENT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "workbench/nodes.h"

#include <stdbool.h>
#include <stddef.h>

/* The options of an EXPLAIN in the text that are passed on. */
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
    bool analyze; /* it was requested; the text does not decide whether it is done */
};

struct sql_statement {
    struct text query; /* only the SELECT: a part of the text */
    size_t characters; /* in the text before it, for positions */
    bool is_explain;
    struct explain_options explain;
    struct sql_uses uses;
};

/* Parses a text, which is borrowed. Fails with INVALID_ARGUMENT and the reason EMPTY, MULTI, KIND, DML, INTO, LOCK,
 * FUNC or SYNTAX if it is refused. */
bool statement_read(struct arena *arena, struct text text, const struct statement_rules *rules,
                    struct sql_statement *statement, struct status *status);

/* Adds what the text of a view or a check names. Returns false if it cannot be parsed. */
bool statement_uses(struct arena *arena, struct text text, struct sql_uses *uses);

#endif
