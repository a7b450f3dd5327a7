/*
 * The state shared by the parsers of URLs, keyword strings and parameters: a conninfo under construction.
 */
#ifndef PG_CONNINFO_READING_H
#define PG_CONNINFO_READING_H

#include "pg/conninfo.h"

struct reading {
    struct arena *arena;
    struct conninfo *conninfo;
    struct status *status;
    struct buffer options; /* "-c name=value …", sent when the session begins */
    const char *sslcert;   /* the client's certificate, or Prisma's authority: decided at the end */
    bool is_jdbc;          /* "+" means a space in parameters */
    bool strict_tls;       /* the server's certificate must be checked */
    bool unverified_tls;   /* it must not be checked */
};

/* A parameter that we understand. */
struct parameter {
    const char *name;
    bool (*take)(struct reading *reading, const struct parameter *row, const char *value);
    const char *as; /* libpq's keyword, the server's setting, or why it is refused */
};

/* Sets or replaces a libpq keyword. Fails if there are too many. */
bool conninfo_set(struct reading *reading, const char *keyword, const char *value);

/* The same for a conninfo that is made already. False if it has too many. */
bool conninfo_put(struct conninfo *conninfo, const char *keyword, const char *value);

/* Appends "-c name=value" to a session's options, with spaces and backslashes in the value escaped. */
void conninfo_put_setting(struct buffer *options, const char *name, const char *value);

/* Takes one parameter of a URL. Fails with INVALID_ARGUMENT and its name if we do not understand it. */
bool conninfo_take_parameter(struct reading *reading, const char *name, const char *value);

/* Parse a whole string: libpq's "host=… dbname=…"; Npgsql's "Host=…;Database=…". */
bool conninfo_take_keywords(struct reading *reading, const char *string);
bool conninfo_take_npgsql(struct reading *reading, struct text rest);

/* Call these when all parameters are known: they set the session's options, and TLS. */
bool conninfo_finish_parameters(struct reading *reading);
bool conninfo_finish_tls(struct reading *reading);

/* True for "", "1", "t", "true", "on", "yes". */
bool conninfo_is_yes(const char *value);

/* ---- functions for rows of a table of parameters ---- */

bool conninfo_take_keyword(struct reading *reading, const struct parameter *row, const char *value);
bool conninfo_take_nothing(struct reading *reading, const struct parameter *row, const char *value);
bool conninfo_take_connect_timeout(struct reading *reading, const struct parameter *row, const char *value);
bool conninfo_take_connection_limit(struct reading *reading, const struct parameter *row, const char *value);
bool conninfo_take_target(struct reading *reading, const struct parameter *row, const char *value);
bool conninfo_take_sslcert(struct reading *reading, const struct parameter *row, const char *value);
bool conninfo_take_sslaccept(struct reading *reading, const struct parameter *row, const char *value);
bool conninfo_take_sslmode(struct reading *reading, const struct parameter *row, const char *value);
bool conninfo_take_ssl(struct reading *reading, const struct parameter *row, const char *value);
bool conninfo_take_sslfactory(struct reading *reading, const struct parameter *row, const char *value);
bool conninfo_take_sslkey(struct reading *reading, const struct parameter *row, const char *value);
bool conninfo_take_trust_certificate(struct reading *reading, const struct parameter *row, const char *value);

#endif
