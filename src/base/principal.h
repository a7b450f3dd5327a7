/*
 * Who calls and what he may do. A scope is a word that a token is given and a method asks for; no scope holds another
 * one. Known below everybody: the RPC server asks for scopes, the worker's gate knows principals, and `truss token`
 * writes the words.
 */
#ifndef BASE_PRINCIPAL_H
#define BASE_PRINCIPAL_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>

enum scope {
    SCOPE_READ = 1, /* states, files, runs and their events */
    SCOPE_PLAN = 2, /* plans: what a run would do */
    SCOPE_RUN = 4,  /* run, cancel, make a migration */
    SCOPE_MARK = 8, /* write the tracking table without running */
    SCOPE_BRANCH = 16,
    SCOPE_SQL = 32,      /* SQL that the caller writes */
    SCOPE_ADMIN = 64,    /* the audit and settings of the service itself */
    SCOPE_APPROVE = 128, /* what others want to run */
    SCOPE_ALL = 255,
    /* What a method may ask for besides. */
    SCOPE_ANY = 256,  /* who is known, whatever he may do */
    SCOPE_OPEN = 512, /* everybody, also who is not known */
};

enum principal_kind {
    PRINCIPAL_NOBODY,    /* not known: may use what is open */
    PRINCIPAL_ANONYMOUS, /* no login is asked for, and everybody who reaches us may do everything */
    PRINCIPAL_USER,      /* the same, by a Unix socket: a user of this machine, whom the kernel names */
    PRINCIPAL_TOKEN,
    PRINCIPAL_OIDC, /* a pipeline, by a token that its issuer signed */
};

struct principal {
    const char *name; /* the token's, the OIDC subject, the user's; "" of nobody and of anonymous ones */
    enum principal_kind kind;
    unsigned scopes;  /* of enum scope, up to SCOPE_ALL */
    const char *from; /* the peer's address: "127.0.0.1:40122", "unix" */
};

/* What the database is for. Who has production says so to the worker; a project's own file may ask for more than that,
 * and never for less. */
struct environment {
    const char *name; /* "production"; "": none was said */
    bool is_projects; /* only the project says so: then a scope is needed as it is without the environment, too */
};

/* "token" and so on. */
const char *principal_kind_name(enum principal_kind kind);

/* "read", "run"; of the words up to SCOPE_ALL. NULL for what is none. */
const char *scope_word(enum scope scope);

/* The scope with this name; 0 where there is none. */
enum scope scope_of(struct text word);

/* May he use what asks for this scope? 0 is asked for by nobody, and so allowed to nobody. Where he may not, false and
 * UNAUTHENTICATED (not known) or PERMISSION_DENIED (known), with the word that is missing. `environment` is the
 * worker's: its name is in the word. */
bool principal_may(const struct principal *principal, enum scope wanted, const struct environment *environment,
                   struct status *status);

#endif
