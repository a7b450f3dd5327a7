/*
 * What the readers of URLs, of keyword strings and of parameters share: a conninfo under construction.
 */
#ifndef PG_CONNINFO_READING_H
#define PG_CONNINFO_READING_H

#include "pg/conninfo.h"

struct reading {
    struct arena *arena;
    struct conninfo *conninfo;
    struct status *status;
    struct buffer options; /* "-c name=value …", what is sent when the session begins */
    const char *sslcert;   /* the client's own certificate, or Prisma's authority: known at the end */
    bool is_jdbc;          /* "+" is a space in parameters */
    bool strict_tls;       /* the server's certificate must be checked */
    bool unverified_tls;   /* it must not */
};

/* A parameter that is understood. */
struct parameter {
    const char *name;
    bool (*take)(struct reading *reading, const struct parameter *row, const char *value);
    const char *as; /* libpq's keyword, the server's setting, or why it is refused */
};

/* Sets a keyword of libpq, or another value for it. Fails where there are too many. */
bool conninfo_set(struct reading *reading, const char *keyword, const char *value);

/* One parameter of a URL. Fails with INVALID_ARGUMENT, naming it, where it is not understood. */
bool conninfo_take_parameter(struct reading *reading, const char *name, const char *value);

/* The whole of libpq's "host=… dbname=…", and of Npgsql's "Host=…;Database=…". */
bool conninfo_take_keywords(struct reading *reading, const char *string);
bool conninfo_take_npgsql(struct reading *reading, struct text rest);

/* When all parameters are known: the options with which the session begins, and TLS. */
bool conninfo_finish_parameters(struct reading *reading);
bool conninfo_finish_tls(struct reading *reading);

/* "", "1", "t", "true", "on", "yes". */
bool conninfo_is_yes(const char *value);

/* ---- what rows of a table of parameters take ---- */

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
