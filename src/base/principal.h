/*
 * The caller of a request, and what it may do. A scope is a word that tokens have and methods require; no scope
 * includes another. This is a base module because the RPC server checks scopes, the worker's gate makes principals, and
 * `truss token` writes the words.
 */
#ifndef BASE_PRINCIPAL_H
#define BASE_PRINCIPAL_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>

enum scope {
    SCOPE_READ = 1, /* states, files, runs and their events */
    SCOPE_PLAN = 2, /* plans */
    SCOPE_RUN = 4,  /* run, cancel, create a migration */
    SCOPE_MARK = 8, /* write the tracking table without running */
    SCOPE_BRANCH = 16,
    SCOPE_SQL = 32,      /* the caller's own SQL */
    SCOPE_ADMIN = 64,    /* the audit and the settings of the service */
    SCOPE_APPROVE = 128, /* approve what others want to run */
    SCOPE_ALL = 255,
    /* What else a method may require. */
    SCOPE_ANY = 256,  /* any authenticated caller */
    SCOPE_OPEN = 512, /* nothing, not even authentication */
};

enum principal_kind {
    PRINCIPAL_NOBODY,    /* not authenticated: may use only what is open */
    PRINCIPAL_ANONYMOUS, /* no login is required: everybody may do everything */
    PRINCIPAL_USER,      /* the same over a Unix socket: a user of this machine, reported by the kernel */
    PRINCIPAL_TOKEN,
    PRINCIPAL_OIDC, /* a pipeline with a token signed by its issuer */
};

struct principal {
    const char *name; /* the token's name, the OIDC subject, the user's name; "" for NOBODY and ANONYMOUS */
    enum principal_kind kind;
    unsigned scopes;  /* a set of enum scope, up to SCOPE_ALL */
    const char *from; /* the peer's address: "127.0.0.1:40122", "unix" */
};

/* What the database is used for. The operator of production tells the worker; a project's own file may add
 * requirements, but never remove any. */
struct environment {
    const char *name; /* "production"; "": none */
    bool is_projects; /* only the project says so: then the plain scope is required, too */
};

/* "token", … */
const char *principal_kind_name(enum principal_kind kind);

/* "read", "run", …, up to SCOPE_ALL; NULL for others. */
const char *scope_word(enum scope scope);

/* The scope with this name; 0: none. */
enum scope scope_of(struct text word);

/* May the principal use a method of the scope `wanted`? (A scope of 0 is always refused.) Otherwise false with
 * UNAUTHENTICATED (not authenticated) or PERMISSION_DENIED, with the missing word; that contains the name of
 * `environment`, which is the worker's. */
bool principal_may(const struct principal *principal, enum scope wanted, const struct environment *environment,
                   struct status *status);

#endif
