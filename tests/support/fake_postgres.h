/*
 * A server that speaks PostgreSQL's protocol and does what a test says, well or badly: it can stop in the middle of a
 * message, flood, fall silent, or say what no real server says. It listens on a loopback port; each connection has a
 * thread, which runs the test's script; a script reads as the conversation it is:
 *
 *     static void script(struct fake_client *client, void *data)
 *     {
 *         fake_take(client, 'Q', "SELECT 1");
 *         fake_row_description(client, 1);
 *         fake_row(client, 1, "1");
 *         fake_complete(client, "SELECT 1");
 *         fake_ready(client, 'I');
 *     }
 *
 * The greeting (startup, authentication, parameters, key) is done before, the connection is closed behind it. What a
 * script expected and did not get is kept, and fails the test in fake_stop.
 */
#ifndef TESTS_FAKE_POSTGRES_H
#define TESTS_FAKE_POSTGRES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_postgres;

/* One connection, as its script sees it. */
struct fake_client;

typedef void fake_script(struct fake_client *client, void *data);

/* What a server does when it is asked to cancel. */
enum fake_cancel {
    FAKE_CANCEL_TAKEN,    /* notes it, closes the request's connection */
    FAKE_CANCEL_UNHEARD,  /* closes the request's connection and forgets it */
    FAKE_CANCEL_UNCLOSED, /* never answers nor closes */
};

struct fake_options {
    fake_script *script;
    void *data;
    fake_script *greeting; /* instead of the usual one, behind the startup message; NULL: the usual one */
    enum fake_cancel cancel;
};

/* Starts it. Aborts where that is not possible. */
struct fake_postgres *fake_start(const struct fake_options *options);

/* Ends it; the first thing that went against a script's expectation, in static memory, or NULL where nothing did. */
const char *fake_stop(struct fake_postgres *fake);

/* "postgresql://tester@127.0.0.1:PORT/fake?sslmode=disable"; lives until fake_stop. */
const char *fake_url(const struct fake_postgres *fake);

/* How many have connected and sent a startup message; how many cancel requests have come. */
size_t fake_connections(struct fake_postgres *fake);
size_t fake_cancels(struct fake_postgres *fake);

/* ---- for scripts ---- */

/* Which connection it is, the first is 0. */
size_t fake_number(const struct fake_client *client);

/* Reads one message. Its type must be this one (0: any), and its text must hold `part` (NULL: anything). The message's
 * bytes, ended with a NUL, until the next call; NULL where the client has gone, or it was another message. */
const char *fake_take(struct fake_client *client, char type, const char *part);

/* Reads the messages of one statement with parameters (Parse, Bind, Describe, Execute, Sync); the statement's text. */
const char *fake_take_query(struct fake_client *client, const char *part);

/* The type of the last message taken, and its size. */
char fake_taken_type(const struct fake_client *client);
size_t fake_taken_size(const struct fake_client *client);

/* Messages of the server. They are written at once. */
void fake_authentication_ok(struct fake_client *client);
void fake_parameter(struct fake_client *client, const char *name, const char *value);
void fake_key(struct fake_client *client, uint32_t pid, uint32_t secret);
void fake_ready(struct fake_client *client, char transaction); /* 'I' idle, 'T' in a transaction, 'E' in a failed one */
void fake_row_description(struct fake_client *client, int columns);                   /* c1, c2, … of type text */
void fake_columns(struct fake_client *client, int columns, const char *const *names); /* with these names */
void fake_row(struct fake_client *client, int columns, ...);                          /* const char *; NULL is NULL */
void fake_complete(struct fake_client *client, const char *tag);
void fake_parsed(struct fake_client *client); /* ParseComplete and BindComplete */

struct fake_error {
    const char *severity; /* NULL: "ERROR" */
    const char *sqlstate; /* NULL: the field is left out, as all below */
    const char *message;
    const char *detail;
    const char *hint;
    const char *position;
    const char *context;
    bool is_poolers; /* PgBouncer leaves the severity out that no language changes */
};
void fake_error(struct fake_client *client, const struct fake_error *error);
void fake_notice(struct fake_client *client, const struct fake_error *notice);

/* CopyInResponse, CopyOutResponse or CopyBothResponse ('G', 'H', 'W') of one text column, and a row of CopyData. */
void fake_copy(struct fake_client *client, char type);
void fake_copy_data(struct fake_client *client, const char *text);

/* Any message, and any bytes. False where the client does not take them any more. */
bool fake_message(struct fake_client *client, char type, const void *body, size_t size);
bool fake_bytes(struct fake_client *client, const void *bytes, size_t size);

/* What is sent from now on is kept instead, for fake_kept; 0 bytes reach the client. */
void fake_keep(struct fake_client *client);
const void *fake_kept(struct fake_client *client, size_t *size);

/* Ends the connection: as a server that ends, as a network that breaks (RST), or only what the server says. */
void fake_close(struct fake_client *client);
void fake_reset(struct fake_client *client);
void fake_half_close(struct fake_client *client);

/* Waits until the client has closed the connection, or the time is over: true where it has. */
bool fake_wait_gone(struct fake_client *client, int ms);

/* Waits until this many cancel requests have come; false where the time is over. */
bool fake_wait_cancel(struct fake_client *client, size_t count, int ms);

/* True where something could not be sent: the client has ended, or the test has. A script that goes on and on asks
 * this.
 */
bool fake_gone(const struct fake_client *client);

/* Does nothing for a while, but no longer than the client is there. */
void fake_pause(struct fake_client *client, int ms);

#endif
