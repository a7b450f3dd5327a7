/*
 * Reads a ledger by a framework's facts.
 */
#ifndef FRAMEWORK_CORE_READING_H
#define FRAMEWORK_CORE_READING_H

#include "framework/core/framework.h"

/* Fills reading->entries by facts->read, also if the ledger stores only the last version. */
bool ledger_read_facts(struct ledger_reading *reading, const struct ledger_facts *facts);

/* Notes that the framework's tool stops if a row is behind one whose file comes later, or is there twice. Rows without
 * a file, and files without a row, are seen otherwise. tool: its name; stops: what it says. */
void ledger_note_order(struct ledger_reading *reading, const char *tool, const char *stops);

#endif
