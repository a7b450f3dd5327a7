/*
 * The C client: a connection to truss-worker, for the functions that protoc-c generates from Truss's .proto files.
 *
 *     struct truss_client *client = truss_client_open("tcp://127.0.0.1:8788");
 *     Truss__Migration__V1__GetStatusRequest request = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
 *     truss__migration__v1__migration_service__get_status(
 *         truss_client_service(client, &truss__migration__v1__migration_service__descriptor), &request, on_status,
 * data);
 *
 * A generated function waits for the answer and calls its closure before it returns: with the reply, which lives until
 * the closure returns, or with NULL where the call failed; truss_client_error then says why. A request is never sent
 * twice.
 *
 * The generated messages are linked into the program, so that they are of its own version; the library and the worker
 * may be newer or older: what the one does not know of the other's messages is kept or left out.
 *
 * A client is used by one thread at a time. Its process must not fork after it was opened (nng does not survive it).
 * Build with `pkg-config --cflags --libs truss`.
 */
#ifndef TRUSS_CLIENT_H
#define TRUSS_CLIENT_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct truss_client;

/* A client of the worker at tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH. It connects in the background, and
 * again after a loss: a worker that is down is an error of the calls. NULL where the text is no such URL. By TLS the
 * worker's certificate is always checked, with the files that the variables TRUSS_WORKER_CA, TRUSS_WORKER_CERT and
 * TRUSS_WORKER_KEY name; NULL where they cannot be used. For truss_client_close. */
struct truss_client *truss_client_open(const char *url);

/* Files in PEM; each may be NULL. */
struct truss_tls {
    const char *ca; /* the worker's certificate is of one of these authorities; NULL: of one that the system knows */
    const char *certificate; /* of the client, for a worker that wants one */
    const char *key;         /* its key */
};

/* The same with these files, of a tls+tcp:// URL and of no other. Copied; read for each connection. */
struct truss_client *truss_client_open_tls(const char *url, const struct truss_tls *tls);

/* Closes and releases it. NULL is fine. */
void truss_client_close(struct truss_client *client);

/* How long each later call may take, in milliseconds; 0: as long as it takes. 30,000 at first. It travels with the
 * request: the worker does not begin what has expired, and ends a run cleanly when its time is over. */
void truss_client_set_timeout(struct truss_client *client, uint32_t timeout_ms);

/* The idempotency key of the next call, and of that one only: the same key again does nothing and answers the same.
 * NULL: none. Copied. */
void truss_client_set_key(struct truss_client *client, const char *key);

/* The token that each later call is made with; NULL: none. Copied. At first that of the variable TRUSS_TOKEN. */
void truss_client_set_token(struct truss_client *client, const char *token);

/* A service of the worker, for the generated functions. Borrowed; valid until the next call of this function. */
ProtobufCService *truss_client_service(struct truss_client *client, const ProtobufCServiceDescriptor *descriptor);

/* Why a call failed. Strings are never NULL. A newer library may have more members behind these. */
struct truss_error {
    int code;             /* google.rpc.Code; 0: the last call did not fail */
    const char *name;     /* "NOT_FOUND" */
    const char *message;  /* one sentence that a person can act on */
    const char *sqlstate; /* these three are PostgreSQL's, "" where it said nothing */
    const char *detail;
    const char *hint;
    const char *reason; /* one word where the code is too wide: "LOCKED", "PLAN_CHANGED"; else "" */
};

/* The outcome of the last call. Borrowed; valid until the next call. */
const struct truss_error *truss_client_error(const struct truss_client *client);

/* Called with a serialized truss.migration.v1.Event, for its generated unpack function. Non-zero ends the watching. */
typedef int truss_event_fn(const uint8_t *event, size_t size, void *data);

/* Hands on the events of a run behind the one with the id `after` as they come, until the run has ended (0), the
 * function wants no more (its value), or a call failed (-1, and truss_client_error says why). The client's time limit
 * is each poll's. */
int truss_client_watch(struct truss_client *client, const char *operation, uint32_t after, truss_event_fn *on_event,
                       void *data);

/* How a run ended: a serialized truss.migration.v1.Operation, for its generated unpack function; NULL where that is not
 * known. */
struct truss_result {
    uint8_t *operation;
    size_t size;
};

/* What truss_client_run gives for a run that has not applied what it was asked for. */
#define TRUSS_RUN_FAILED (-2)

/* Runs, hands on its events (on_event may be NULL), and waits for its end. request is a truss.migration.v1.RunRequest.
 * 0: it has applied everything. TRUSS_RUN_FAILED: the result says how far it came, and why. A positive number of
 * on_event cancels the run, waits for its end, and is given back. -1: a call failed, and truss_client_error says why;
 * the run may go on. The result is for truss_client_result_free, whatever came. */
int truss_client_run(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event, void *data,
                     struct truss_result *result);

/* Makes a branch, hands on what happens meanwhile (on_event may be NULL; it gets a serialized
 * truss.branch.v1.BranchEvent), and gives it when it is ready: the result has a serialized truss.branch.v1.Branch in
 * place of an operation. request is a truss.branch.v1.CreateBranchRequest. 0: it is made. -1: it could not be, or a
 * call failed; truss_client_error says why. A positive number of on_event has it undone, waits for that, and is given
 * back. The result is for truss_client_result_free, whatever came. */
int truss_client_make_branch(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event,
                             void *data, struct truss_result *result);

/* The same for a branch that is made anew from where it came from (request is a truss.branch.v1.ResetBranchRequest) and
 * for the golden copy (a RefreshGoldenRequest). Where it cannot be made, or on_event has it undone, what was there
 * stays. */
int truss_client_reset_branch(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event,
                              void *data, struct truss_result *result);
int truss_client_refresh_golden(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event,
                                void *data, struct truss_result *result);

/* Frees what is in it. */
void truss_client_result_free(struct truss_result *result);

#ifdef __cplusplus
}
#endif

#endif
