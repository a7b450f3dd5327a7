/*
 * The data of COPY … FROM STDIN in a script: lines after the statement, up to one with \. alone. They are no SQL, so
 * they are taken out of the script before anybody reads it as SQL, and given to the server when it asks for them.
 */
#ifndef FRAMEWORK_CORE_SCRIPT_DATA_H
#define FRAMEWORK_CORE_SCRIPT_DATA_H

#include "framework/core/framework.h"

/* How a tool finds the end of the data. */
enum data_end {
    DATA_TO_MARK, /* at a line with \. and perhaps blanks around it; the tool fails, or never ends, without one */
    DATA_TO_MARK_OR_END, /* at a line that is exactly \., or at the end of the file (psql) */
};

/* Takes the data out of request->script, whose parts get it. In its place the script keeps its line breaks, and a
 * comment with a digest of it, so that a script with other data is another script. Fails with FAILED_PRECONDITION for
 * data without an end, and for SQL after the semicolon of a COPY. */
bool script_take_data(const struct script_request *request, enum data_end end);

/* Counts by how much the file is longer up to the item at i of a script's data. The items before it have been. */
void script_data_count(struct script_data *items, size_t i);

/* The script with its data, as the tool reads it. */
struct text script_with_data(struct arena *arena, const struct migration_script *script);

/* The byte of the script with its data that corresponds to this one of the script without. */
size_t script_data_offset(const struct script_parts *parts, size_t offset);

/* How many characters more than the script the file has between these bytes of the script. */
size_t script_data_characters(const struct script_parts *parts, size_t start, size_t offset);

/* The data of the COPY in [start, end) of the script that is the `number`th there (from 1). NULL: there are not so
 * many. */
const struct script_data *script_data_at(const struct script_parts *parts, size_t start, size_t end, size_t number);

#endif
