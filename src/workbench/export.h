/*
 * All rows of a query as a file, piece by piece: nobody holds more than one piece. An export stays open between its
 * pieces; one that nobody reads is given up.
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
    const char *id; /* "" with the last piece */
    const char *content_type;
    const char *filename;
};

/* The first piece. False and the call's status where the query is refused or fails. */
bool export_begin(const struct workbench_call *call, const struct export_request *request, struct export_piece *piece);

/* The next one. NOT_FOUND where there is no such export, as after its last piece or an error. */
bool export_next(const struct workbench_call *call, const char *id, struct export_piece *piece);

#endif
