/*
 * All rows of a query as a file, in pieces, so that only one piece is in memory. An export stays open between its
 * pieces; an idle one is given up.
 */
#ifndef WORKBENCH_EXPORT_H
#define WORKBENCH_EXPORT_H

#include "workbench/workbench.h"

#include "base/text.h"

struct exports *exports_new(void);
void exports_free(struct exports *exports);

struct export_request {
    struct text sql;
    const char *format; /* "csv", "json", "ndjson" */
    bool spreadsheet_safe;
};

struct export_piece {
    struct text data; /* in the call's arena */
    bool is_last;
    const char *id; /* for the next piece; "" with the last one */
    const char *content_type;
    const char *filename;
};

/* Returns the first piece. Fails with the call's status if the query is refused or fails. */
bool export_begin(const struct workbench_call *call, const struct export_request *request, struct export_piece *piece);

/* Returns the next piece. NOT_FOUND if there is no such export, also after its last piece or an error. */
bool export_next(const struct workbench_call *call, const char *id, struct export_piece *piece);

#endif
