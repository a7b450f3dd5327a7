/*
 * The C client: a connection to truss-worker, for the functions that protoc-c generates from Truss's .proto files.
 *
 *     struct truss_client *client = truss_client_open("tcp://127.0.0.1:8788");
 *     Truss__Migration__V1__GetStatusRequest request = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
 *     ProtobufCService *service =
 *         truss_client_service(client, &truss__migration__v1__migration_service__descriptor);
 *     truss__migration__v1__migration_service__get_status(service, &request, on_status, data);
 *
 * A generated function waits for the answer and calls its closure before it returns: with the reply, which is valid
 * until the closure returns, or with NULL if the call failed; truss_client_error then says why. A request is never sent
 * twice.
 *
 * Your program links the generated messages of the version that it was built with. The library and the worker may be
 * newer or older: protobuf ignores fields that one side does not know.
 *
 * Use a client from one thread at a time. Do not fork after opening one: nng does not survive it. Build with
 * `pkg-config --cflags --libs truss`.
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

/* Makes a client of the worker at tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH. It connects in the background and
 * reconnects after a loss, so a worker that is down only shows in the calls. Over TLS the worker's certificate is
 * always checked; the variables TRUSS_WORKER_CA, TRUSS_WORKER_CERT and TRUSS_WORKER_KEY name the PEM files. Returns
 * NULL if the URL is invalid or the files cannot be used. Release it with truss_client_close. */
struct truss_client *truss_client_open(const char *url);

/* Paths of PEM files; each may be NULL. */
struct truss_tls {
    const char *ca;          /* signs the worker's certificate; NULL: the system's authorities */
    const char *certificate; /* the client's own, for a worker that asks for one */
    const char *key;         /* the key of that certificate */
};

/* As truss_client_open, with these files in place of the variables. For tls+tcp:// URLs only. The paths are copied; the
 * files are read again for each connection. */
struct truss_client *truss_client_open_tls(const char *url, const struct truss_tls *tls);

/* Closes the connection and frees the client. NULL is fine. */
void truss_client_close(struct truss_client *client);

/* Sets the time limit of each later call in milliseconds; 0: no limit. The default is 30,000. The limit travels with
 * the request: the worker does not start an expired request, and it ends a run cleanly when the time is over. */
void truss_client_set_timeout(struct truss_client *client, uint32_t timeout_ms);

/* Sets the idempotency key of the next call only. A second request with the same key does nothing and gets the first
 * one's answer. NULL: no key. Copied. */
void truss_client_set_key(struct truss_client *client, const char *key);

/* Sets the token of all later calls; NULL: none. The default is the variable TRUSS_TOKEN. Copied. */
void truss_client_set_token(struct truss_client *client, const char *token);

/* Returns a service of the worker, as the first argument of the generated functions. Borrowed; valid until the next
 * call of this function. */
ProtobufCService *truss_client_service(struct truss_client *client, const ProtobufCServiceDescriptor *descriptor);

/* Why a call failed. Strings are never NULL. A newer library may have more members behind these. */
struct truss_error {
    int code;             /* google.rpc.Code; 0: the last call did not fail */
    const char *name;     /* "NOT_FOUND" */
    const char *message;  /* one sentence that a person can act on */
    const char *sqlstate; /* this and the next two come from PostgreSQL; "" if it sent none */
    const char *detail;
    const char *hint;
    const char *reason; /* a word that is narrower than the code: "LOCKED", "PLAN_CHANGED"; else "" */
};

/* The outcome of the last call. Borrowed; valid until the next call. */
const struct truss_error *truss_client_error(const struct truss_client *client);

/* Receives a serialized truss.migration.v1.Event; unpack it with its generated function. Returns non-zero to stop
 * watching. */
typedef int truss_event_fn(const uint8_t *event, size_t size, void *data);

/* Passes the events of the run `operation` to on_event as they come, starting after the event with the id `after` (0:
 * from the first). Returns 0 when the run has ended, the value of on_event if that was not 0, or -1 if a call failed;
 * truss_client_error then says why. The client's time limit applies to each poll, not to the whole watch. */
int truss_client_watch(struct truss_client *client, const char *operation, uint32_t after, truss_event_fn *on_event,
                       void *data);

/* How a run ended: a serialized truss.migration.v1.Operation, for its generated unpack function. operation is NULL if
 * the end is not known. */
struct truss_result {
    uint8_t *operation;
    size_t size;
};

/* truss_client_run returns this if the run did not apply everything that was requested. */
#define TRUSS_RUN_FAILED (-2)

/* Starts a run, passes its events to on_event (may be NULL) and waits for its end. request is a
 * truss.migration.v1.RunRequest. Returns
 *   - 0: everything was applied;
 *   - TRUSS_RUN_FAILED: the result says how far the run came, and why it stopped;
 *   - a positive number that on_event returned: the run was cancelled and has ended;
 *   - -1: a call failed, and truss_client_error says why; the run may still go on.
 * Free the result with truss_client_result_free in every case. */
int truss_client_run(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event, void *data,
                     struct truss_result *result);

/* Makes a branch, passes its events to on_event (may be NULL; each is a serialized truss.branch.v1.BranchEvent) and
 * waits until the branch is ready. request is a truss.branch.v1.CreateBranchRequest. result->operation holds a
 * serialized truss.branch.v1.Branch. Returns
 *   - 0: the branch is ready;
 *   - -1: it could not be made, or a call failed; truss_client_error says why;
 *   - a positive number that on_event returned: the branch was undone again.
 * Free the result with truss_client_result_free in every case. */
int truss_client_make_branch(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event,
                             void *data, struct truss_result *result);

/* As truss_client_make_branch, for making a branch again from its source (request is a
 * truss.branch.v1.ResetBranchRequest) and for renewing the golden copy (a truss.branch.v1.RefreshGoldenRequest). If
 * this fails or on_event stops it, the old copy stays. */
int truss_client_reset_branch(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event,
                              void *data, struct truss_result *result);
int truss_client_refresh_golden(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event,
                                void *data, struct truss_result *result);

/* Frees what the result points to, not the struct itself. */
void truss_client_result_free(struct truss_result *result);

#ifdef __cplusplus
}
#endif

#endif
