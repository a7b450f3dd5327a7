/*
 * The public client over the channel of src/rpc: one call at a time, each with an arena of its own.
 */
#include "truss/client.h"

#include "rpc/channel.h"
#include "rpc/status_message.h"
#include "truss/branch/v1/branch.pb-c.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define WATCH_MS   20000 /* of one poll, less than the time limit at first */

struct truss_client {
    ProtobufCService service; /* first, so that a service is its client */
    struct rpc_channel *channel;
    struct arena *arena; /* of the last call */
    uint32_t timeout_ms;
    char *key;           /* of the next call */
    char *authorization; /* of each call; NULL: none */
    struct truss_error error;
};

static struct truss_client *open_with(const char *url, const struct tls_trust *trust)
{
    const struct rpc_access access = {.tls = *trust};
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct rpc_channel *const channel = rpc_channel_open_with(url, &access, &status);
    if (channel == NULL) {
        arena_free(arena);
        return NULL;
    }
    struct truss_client *client = memory_alloc(sizeof *client);
    client->channel = channel;
    client->arena = arena;
    client->timeout_ms = TIMEOUT_MS;
    truss_client_set_token(client, getenv("TRUSS_TOKEN"));
    client->error =
        (struct truss_error){.name = "OK", .message = "", .sqlstate = "", .detail = "", .hint = "", .reason = ""};
    return client;
}

struct truss_client *truss_client_open_tls(const char *url, const struct truss_tls *tls)
{
    const struct tls_trust trust = {tls->ca, tls->certificate, tls->key};
    return tls_link_is_for(url) ? open_with(url, &trust) : NULL;
}

struct truss_client *truss_client_open(const char *url)
{
    static const struct tls_trust none = {0};
    const struct tls_trust said = {getenv("TRUSS_WORKER_CA"), getenv("TRUSS_WORKER_CERT"), getenv("TRUSS_WORKER_KEY")};
    return open_with(url, tls_link_is_for(url) ? &said : &none);
}

void truss_client_close(struct truss_client *client)
{
    if (client != NULL) {
        rpc_channel_close(client->channel);
        arena_free(client->arena);
        free(client->key);
        free(client->authorization);
        free(client);
    }
}

void truss_client_set_timeout(struct truss_client *client, uint32_t timeout_ms)
{
    client->timeout_ms = timeout_ms;
}

void truss_client_set_key(struct truss_client *client, const char *key)
{
    free(client->key);
    client->key = key == NULL ? NULL : strdup(key);
}

void truss_client_set_token(struct truss_client *client, const char *token)
{
    free(client->authorization);
    client->authorization = NULL;
    if (token != NULL && token[0] != '\0' && asprintf(&client->authorization, "Bearer %s", token) < 0) {
        abort();
    }
}

static const char *or_empty(const char *string)
{
    return string == NULL ? "" : string;
}

static void set_error(struct truss_client *client, const struct status *status)
{
    client->error = (struct truss_error){
        .code = (int)status->code,
        .name = status_code_name(status->code),
        .message = or_empty(status->message),
        .sqlstate = or_empty(status->sqlstate),
        .detail = or_empty(status->detail),
        .hint = or_empty(status->hint),
        .reason = or_empty(status->reason),
    };
}

/* What the generated functions call. */
static void invoke(ProtobufCService *service, unsigned method, const ProtobufCMessage *input, ProtobufCClosure closure,
                   void *data)
{
    struct truss_client *const client = (struct truss_client *)service;
    const struct rpc_invocation invocation = {
        .service = service->descriptor,
        .method = method,
        .request = input,
        .options = {.timeout_ms = client->timeout_ms,
                    .idempotency_key = client->key,
                    .authorization = client->authorization},
    };
    arena_free(client->arena);
    client->arena = arena_new(0);
    struct status status = {.arena = client->arena};
    const ProtobufCMessage *const reply = rpc_call_wait(client->channel, &invocation, client->arena, &status);
    set_error(client, &status);
    truss_client_set_key(client, NULL);
    closure(reply, data);
}

ProtobufCService *truss_client_service(struct truss_client *client, const ProtobufCServiceDescriptor *descriptor)
{
    client->service = (ProtobufCService){.descriptor = descriptor, .invoke = invoke};
    return &client->service;
}

const struct truss_error *truss_client_error(const struct truss_client *client)
{
    return &client->error;
}

/* ---- watching ---- */

struct watching {
    truss_event_fn *on_event;
    void *data;
    uint32_t after;
    bool done;
    int result;
};

static void on_wait(const Truss__Migration__V1__WaitOperationResponse *reply, void *data)
{
    struct watching *const watching = data;
    watching->result = reply == NULL ? -1 : 0;
    for (size_t i = 0; reply != NULL && watching->result == 0 && i < reply->n_events; i++) {
        const Truss__Migration__V1__Event *const event = reply->events[i];
        const size_t size = truss__migration__v1__event__get_packed_size(event);
        uint8_t *const bytes = memory_alloc(size + 1);
        truss__migration__v1__event__pack(event, bytes);
        watching->after = event->id;
        watching->result = watching->on_event(bytes, size, watching->data);
        free(bytes);
    }
    watching->done = watching->result != 0 || reply->operation == NULL ||
                     (reply->operation->done && watching->after >= reply->operation->last_event);
}

int truss_client_watch(struct truss_client *client, const char *operation, uint32_t after, truss_event_fn *on_event,
                       void *data)
{
    struct watching watching = {.on_event = on_event, .data = data, .after = after};
    char *const id = strdup(operation);
    while (!watching.done) {
        Truss__Migration__V1__WaitOperationRequest request = TRUSS__MIGRATION__V1__WAIT_OPERATION_REQUEST__INIT;
        const uint32_t half = client->timeout_ms / 2;
        request.id = id;
        request.after_event = watching.after;
        request.wait_ms = half == 0 || half > WATCH_MS ? WATCH_MS : half;
        truss__migration__v1__migration_service__wait_operation(
            truss_client_service(client, &truss__migration__v1__migration_service__descriptor), &request, on_wait,
            &watching);
    }
    free(id);
    return watching.result;
}

/* ---- a run ---- */

/* What a call of a run gave. */
struct running {
    char *id;       /* of StartRun */
    bool succeeded; /* these of GetOperation and CancelOperation */
    struct truss_result *result;
};

static ProtobufCService *migrations(struct truss_client *client)
{
    return truss_client_service(client, &truss__migration__v1__migration_service__descriptor);
}

static void on_started(const Truss__Migration__V1__Operation *operation, void *data)
{
    ((struct running *)data)->id = operation == NULL ? NULL : strdup(operation->id);
}

static void on_ended(const Truss__Migration__V1__Operation *operation, void *data)
{
    struct running *const running = data;
    if (operation == NULL) {
        return;
    }
    running->succeeded = operation->state == TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_SUCCEEDED;
    running->result->size = truss__migration__v1__operation__get_packed_size(operation);
    running->result->operation = memory_alloc(running->result->size + 1);
    truss__migration__v1__operation__pack(operation, running->result->operation);
}

static int ignore_event(const uint8_t *event, size_t size, void *data)
{
    (void)event;
    (void)size;
    (void)data;
    return 0;
}

/* Cancels, and keeps the error for which it does; an answer comes when the run has ended. */
static void end_run(struct truss_client *client, struct running *running)
{
    Truss__Migration__V1__CancelOperationRequest request = TRUSS__MIGRATION__V1__CANCEL_OPERATION_REQUEST__INIT;
    request.id = running->id;
    truss__migration__v1__migration_service__cancel_operation(migrations(client), &request, on_ended, running);
}

int truss_client_run(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event, void *data,
                     struct truss_result *result)
{
    struct running running = {.result = result};
    *result = (struct truss_result){0};
    truss__migration__v1__migration_service__start_run(
        migrations(client), (const Truss__Migration__V1__RunRequest *)request, on_started, &running);
    if (running.id == NULL) {
        return -1;
    }
    const int watched = truss_client_watch(client, running.id, 0, on_event == NULL ? ignore_event : on_event, data);
    if (watched > 0) {
        end_run(client, &running);
    } else if (watched == 0) {
        Truss__Migration__V1__GetOperationRequest ask = TRUSS__MIGRATION__V1__GET_OPERATION_REQUEST__INIT;
        ask.id = running.id;
        truss__migration__v1__migration_service__get_operation(migrations(client), &ask, on_ended, &running);
    }
    free(running.id);
    if (watched != 0) {
        return watched;
    }
    return result->operation == NULL ? -1 : running.succeeded ? 0 : TRUSS_RUN_FAILED;
}

/* ---- a branch ---- */

#define BRANCH_WATCH_MS 10000 /* of one poll: less, as a worker may have to wait while a database is copied */

struct making {
    struct truss_client *client;
    char id[16]; /* "": it has not begun */
    truss_event_fn *on_event;
    void *data;
    uint32_t after;
    bool done;
    int answer; /* -1: a call failed; else on_event's */
    struct truss_result *result;
};

static ProtobufCService *branches(struct truss_client *client)
{
    return truss_client_service(client, &truss__branch__v1__branch_service__descriptor);
}

static void on_begun(const Truss__Branch__V1__Branch *branch, void *data)
{
    struct making *const making = data;
    if (branch != NULL) {
        snprintf(making->id, sizeof making->id, "%u", branch->id);
    }
}

static void tell_event(struct making *making, const Truss__Branch__V1__BranchEvent *event)
{
    const size_t size = truss__branch__v1__branch_event__get_packed_size(event);
    uint8_t *const bytes = memory_alloc(size + 1);
    truss__branch__v1__branch_event__pack(event, bytes);
    making->after = event->id;
    making->answer = making->on_event == NULL ? 0 : making->on_event(bytes, size, making->data);
    free(bytes);
}

/* It has ended: made, or not, which becomes the client's error. */
static void take_end(struct making *making, const Truss__Branch__V1__WaitBranchResponse *reply)
{
    struct status status = {.arena = making->client->arena};
    if (reply->error != NULL && reply->error->code != 0) {
        status_read(reply->error, &status);
    } else if (reply->branch == NULL || strcmp(reply->branch->status, "failed") == 0) {
        status_fail(&status, STATUS_FAILED_PRECONDITION, "%s",
                    reply->branch == NULL ? "The branch was not made." : reply->branch->last_error);
    }
    set_error(making->client, &status);
    making->answer = status.code == STATUS_OK ? 0 : -1;
    if (reply->branch != NULL) {
        making->result->size = truss__branch__v1__branch__get_packed_size(reply->branch);
        making->result->operation = memory_alloc(making->result->size + 1);
        truss__branch__v1__branch__pack(reply->branch, making->result->operation);
    }
}

static void on_news(const Truss__Branch__V1__WaitBranchResponse *reply, void *data)
{
    struct making *const making = data;
    making->answer = reply == NULL ? -1 : 0;
    for (size_t i = 0; reply != NULL && making->answer == 0 && i < reply->n_events; i++) {
        tell_event(making, reply->events[i]);
    }
    making->done = making->answer != 0 || reply->done;
    if (reply != NULL && reply->done && making->answer == 0) {
        take_end(making, reply);
    }
}

/* Until it has ended. */
static void watch_branch(struct making *making)
{
    making->done = false;
    while (!making->done) {
        Truss__Branch__V1__WaitBranchRequest request = TRUSS__BRANCH__V1__WAIT_BRANCH_REQUEST__INIT;
        const uint32_t half = making->client->timeout_ms / 2;
        request.id = making->id;
        request.after_event = making->after;
        request.wait_ms = half == 0 || half > BRANCH_WATCH_MS ? BRANCH_WATCH_MS : half;
        truss__branch__v1__branch_service__wait_branch(branches(making->client), &request, on_news, making);
    }
}

static void on_told(const Truss__Branch__V1__CancelBranchResponse *reply, void *data)
{
    (void)reply;
    (void)data;
}

/* What was begun, to its end; -1 where nothing was. */
static int follow(struct making *making)
{
    if (making->id[0] == '\0') {
        return -1;
    }
    watch_branch(making);
    const int answer = making->answer;
    if (answer > 0) {
        Truss__Branch__V1__CancelBranchRequest cancel = TRUSS__BRANCH__V1__CANCEL_BRANCH_REQUEST__INIT;
        cancel.id = making->id;
        making->on_event = NULL;
        truss__branch__v1__branch_service__cancel_branch(branches(making->client), &cancel, on_told, making);
        watch_branch(making);
    }
    return answer;
}

int truss_client_make_branch(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event,
                             void *data, struct truss_result *result)
{
    struct making making = {.client = client, .on_event = on_event, .data = data, .result = result};
    *result = (struct truss_result){0};
    truss__branch__v1__branch_service__start_branch(
        branches(client), (const Truss__Branch__V1__CreateBranchRequest *)request, on_begun, &making);
    return follow(&making);
}

int truss_client_reset_branch(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event,
                              void *data, struct truss_result *result)
{
    struct making making = {.client = client, .on_event = on_event, .data = data, .result = result};
    *result = (struct truss_result){0};
    truss__branch__v1__branch_service__start_reset(
        branches(client), (const Truss__Branch__V1__ResetBranchRequest *)request, on_begun, &making);
    return follow(&making);
}

int truss_client_refresh_golden(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event,
                                void *data, struct truss_result *result)
{
    struct making making = {.client = client, .on_event = on_event, .data = data, .result = result};
    *result = (struct truss_result){0};
    truss__branch__v1__branch_service__start_golden(
        branches(client), (const Truss__Branch__V1__RefreshGoldenRequest *)request, on_begun, &making);
    return follow(&making);
}

void truss_client_result_free(struct truss_result *result)
{
    free(result->operation);
    *result = (struct truss_result){0};
}
