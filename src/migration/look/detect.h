/*
 * Detects the framework from the ledgers in the database and the folders in the project. Everything found is reported
 * with its evidence; the framework that files and database agree on is chosen.
 */
#ifndef MIGRATION_LOOK_DETECT_H
#define MIGRATION_LOOK_DETECT_H

#include "migration/look/detection.h"

/* Looks at both. request->framework chooses among several: an id, a display name, or a folder. Fails if the database or
 * the project cannot be read, and with NOT_FOUND or INVALID_ARGUMENT if the requested framework is not there. */
bool detect(const struct request *request, struct pg_session *session, struct detection *detection);

/* As detect, but leaves its reading transaction open, also on failure, so that the caller can end it together with its
 * next message. */
bool detect_open(const struct request *request, struct pg_session *session, struct detection *detection);

/* As detect, inside a reading transaction that is already open, into a detection whose facts are set. */
bool detect_reading(const struct request *request, struct pg_session *session, struct detection *detection);

/* As detect, by the files alone, without a connection. *certain is false if only the database can tell which of several
 * is meant. */
bool detect_offline(const struct request *request, struct detection *detection, bool *certain);

/* Sets has_ledger if the ledger exists by now: another run may have made it. */
bool detect_ledger(const struct request *request, struct pg_session *session, struct detection *detection);

/* Returns why the chosen folder is a guess, and how to name it; NULL: it is no guess. */
const char *detection_folder_question(struct arena *arena, const struct detection *detection);

/* The habits of the framework's own tool. */
const struct habits *detection_habits(const struct detection *detection);

#endif
