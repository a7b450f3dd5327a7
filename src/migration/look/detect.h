/*
 * Which framework this is: by the ledgers that the database has and the folders that the project has. All that is found
 * is told, with what it was recognised by; the one that files and database agree on is chosen.
 */
#ifndef MIGRATION_LOOK_DETECT_H
#define MIGRATION_LOOK_DETECT_H

#include "migration/look/detection.h"

/* Looks at both. request->framework says which one is meant where there are several: an id, a display name, or a
 * folder. Fails where the database or the project cannot be read, and with NOT_FOUND or INVALID_ARGUMENT where the one
 * that is meant is not there. */
bool detect(const struct request *request, struct pg_session *session, struct detection *detection);

/* The same, and leaves its reading transaction open, for who sends its end with what comes next. Where it fails, too.
 */
bool detect_open(const struct request *request, struct pg_session *session, struct detection *detection);

/* The same inside of a reading transaction, into a detection that has its facts. */
bool detect_reading(const struct request *request, struct pg_session *session, struct detection *detection);

/* The same by the files alone, without a connection. *certain is false where only the database can tell which of
 * several is meant. */
bool detect_offline(const struct request *request, struct detection *detection, bool *certain);

/* Another run may have made the ledger since: has_ledger is set where it is there now. */
bool detect_ledger(const struct request *request, struct pg_session *session, struct detection *detection);

/* Why the folder that was chosen is a guess, and what to say; NULL: it is none. */
const char *detection_folder_question(struct arena *arena, const struct detection *detection);

/* What its own tool does. */
const struct habits *detection_habits(const struct detection *detection);

#endif
