/*
 * Settings of a session that we change for our own work: JIT, the encoding, and what a caller gives.
 */
#ifndef PG_SESSION_SETTINGS_H
#define PG_SESSION_SETTINGS_H

#include "pg/session.h"

/* With false: switches JIT compilation off, until true restores the setting. Our catalog queries take seconds to
 * compile and no time to run. Does nothing to a pooler's backend, which others use, too. */
bool pg_session_use_jit(struct pg_session *session, bool use, struct status *status);

/* Sends these settings (statements) and switches JIT off, in one message. The session need not be pinned. */
bool pg_session_set_up(struct pg_session *session, const char *settings, struct status *status);

/* Sets the client's encoding back to what it was when the connection began, if it has changed. */
bool pg_session_encode_as_begun(struct pg_session *session, struct status *status);

#endif
