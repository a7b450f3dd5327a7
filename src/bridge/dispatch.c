/*
 * Everything about a request is in its arena. The stages run one after the other, on the HTTP server's thread or on
 * nng's, never two at once; the last one answers.
 */
#include "bridge/dispatch.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/uuid.h"
#include "bridge/answer.h"
#include "bridge/browser.h"
#include "bridge/download.h"
#include "bridge/openapi.h"
#include "bridge/panel.h"
#include "bridge/query.h"
#include "bridge/request.h"
#include "bridge/scrape.h"
#include "bridge/share.h"
#include "bridge/stream.h"
#include "bridge/tally.h"
#include "truss/bridge/v1/bridge.pb-c.h"

#include <string.h>
#include <strings.h>

#define RETRY_MS 1000

/* ---- the reply ---- */

static void on_count(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct passage *const passage = data;
    if (status->code == STATUS_OK) {
        passage->route->count(passage->view, reply);
    }
    /* The run itself was requested: it is answered even if nothing can be counted any more. */
    answer_message(passage, passage->view);
}

static void on_reply(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct passage *const passage = data;
    const struct route *const route = passage->route;
    struct arena *const arena = passage->http->arena;
    if (status->code != STATUS_OK && passage_goes_on(passage, status)) {
        passage_call(passage, passage->rpc, passage->input, on_reply);
    } else if (status->code != STATUS_OK) {
        answer_failure(passage, status);
    } else if (passage->rpc == route->async_rpc) {
        answer_begun(passage, reply);
    } else if (route->question != NULL) {
        passage->view = route->view(arena, reply);
        passage->options.timeout_ms = passage->bridge->read_timeout_ms;
        passage_call(passage, "GetStatus", route->question(arena, passage->input), on_count);
    } else {
        if ((route->flags & ROUTE_LOGIN) != 0) {
            passage->cookie = credentials_begin_session(arena, &passage->bridge->browsers, &passage->credentials);
        }
        answer_message(passage, route->view == NULL ? reply : route->view(arena, reply));
    }
}

static void fail_all(struct passage *passage, struct passage *companion, const struct status *status)
{
    while (companion != NULL) {
        struct passage *const next = companion->next;
        companion->is_partial = passage->is_partial;
        answer_failure(companion, status);
        companion = next;
    }
    answer_failure(passage, status);
}

/* Answers a shared call and its companions; its own answer is the last, because the reply is freed with it. */
static void answer_all(struct passage *passage, struct passage *companion, const ProtobufCMessage *reply,
                       const struct status *status)
{
    const struct route *const route = passage->route;
    if (status->code != STATUS_OK) {
        fail_all(passage, companion, status);
        return;
    }
    const ProtobufCMessage *const message = route->view == NULL ? reply : route->view(passage->http->arena, reply);
    if (companion == NULL) {
        answer_message(passage, message);
    } else {
        answer_message_all(passage, companion, message);
    }
}

static void on_shared(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct passage *const passage = data;
    if (status->code != STATUS_OK && passage_goes_on(passage, status)) {
        passage_call(passage, passage->rpc, passage->input, on_shared);
        return;
    }
    struct passage *then;
    struct passage *const companions = share_end(passage, &then);
    answer_all(passage, companions, reply, status);
    if (then != NULL) {
        passage_call(then, then->rpc, then->input, on_shared);
    }
}

/* The client's own id if it is valid, so that its logs and ours can be compared. */
static const char *request_id_of(struct http_request *request)
{
    const char *const given = http_header(request, "X-Request-Id");
    bool sane = given != NULL && given[0] != '\0' && strlen(given) <= LIMIT_REQUEST_ID;
    for (const char *c = given; sane && *c != '\0'; c++) {
        sane = *c > 0x20 && *c < 0x7F;
    }
    if (sane) {
        return arena_strdup(request->arena, given);
    }
    char *const made = arena_alloc(request->arena, UUID_SIZE);
    uuid_v4(made);
    return made;
}

/* ---- dispatch ---- */

static void answer_alive(struct passage *passage)
{
    Truss__Bridge__V1__HealthView *const view = arena_alloc(passage->http->arena, sizeof *view);
    truss__bridge__v1__health_view__init(view);
    view->ok = true;
    view->version = (char *)(uintptr_t)TRUSS_VERSION;
    answer_message(passage, &view->base);
}

/* Only for our own pages: another page must not log the user out. */
static void end_session(struct passage *passage)
{
    struct status status = {.arena = passage->http->arena};
    if (!browser_allows_change(passage->http, &passage->credentials, &status)) {
        answer_error(passage, &status);
        return;
    }
    passage->cookie = credentials_end_session(&passage->bridge->browsers, &passage->credentials);
    answer_alive(passage);
}

/* Requests that the bridge answers by itself. */
static void answer_here(struct passage *passage)
{
    switch (passage->route->own) {
    case ROUTE_OWN_OPENAPI:
        answer_json(passage, 200, openapi_document());
        break;
    case ROUTE_OWN_INDEX:
        answer_json(passage, 200, openapi_index(passage->http->arena));
        break;
    case ROUTE_OWN_LOGOUT:
        end_session(passage);
        break;
    case ROUTE_OWN_METRICS:
        scrape_begin(passage);
        break;
    case ROUTE_OWN_NONE:
    case ROUTE_OWN_ALIVE:
        answer_alive(passage);
        break;
    }
}

static void pass_on(struct passage *passage)
{
    struct http_request *const request = passage->http;
    struct status status = {.arena = request->arena};
    unsigned http = 0;
    if (!browser_allows_change(request, &passage->credentials, &status) ||
        !request_read(passage, passage->name, &status, &http)) {
        answer_error_as(passage, http != 0 ? http : status_code_http(status.code), &status, NULL);
    } else if ((passage->route->flags & ROUTE_STREAM) != 0) {
        stream_begin(passage);
    } else if ((passage->route->flags & ROUTE_DOWNLOAD) != 0) {
        download_begin(passage);
    } else if (query_id_of(passage) != NULL) {
        query_begin(passage, query_id_of(passage), on_reply);
    } else if (share_fits(passage)) {
        if (!share_join(passage)) {
            passage_call(passage, passage->rpc, passage->input, on_shared);
        }
    } else {
        passage_call(passage, passage->rpc, passage->input, on_reply);
    }
}

static void pass_on_behind(struct lane_job *job)
{
    pass_on((struct passage *)job);
}

/* The server has one thread, and parsing megabytes of JSON would block it for a tenth of a second. The connection is
 * already suspended, so its headers stay valid. */
static void read_behind(struct passage *passage)
{
    passage->job.run = pass_on_behind;
    if (lane_add(passage->bridge->readers, &passage->job) != LANE_ADDED) {
        struct status status = {.arena = passage->http->arena};
        status_fail(&status, STATUS_UNAVAILABLE,
                    "The bridge has too many large requests at this moment; this one was not begun. Try again in a "
                    "moment.");
        status.retry_ms = RETRY_MS;
        answer_error(passage, &status);
    }
}

/* An absolute target ("GET http://host/path") is treated as its path. */
static const char *path_of(struct http_request *request)
{
    const char *path = request->path;
    if (strncasecmp(path, "http://", 7) == 0) {
        path = strchrnul(path + 7, '/');
        path = *path == '\0' ? "/" : path;
    }
    return path;
}

void dispatch(void *data, struct http_request *request)
{
    struct bridge *const bridge = data;
    struct passage *const passage = arena_alloc(request->arena, sizeof *passage);
    struct status status = {.arena = request->arena};
    const char *allowed;
    const char *const path = path_of(request);
    *passage = (struct passage){.bridge = bridge, .http = request, .request_id = request_id_of(request)};
    request->id = passage->request_id;
    request->slot = HTTP_SLOT_PANEL;
    if (panel_answer(request, path)) {
        return;
    }
    request->slot = HTTP_SLOT_NONE;
    if (!browser_allows(request, bridge->allowed_hosts, &status) ||
        !credentials_read(request, &bridge->browsers, &passage->credentials, &status)) {
        answer_error(passage, &status);
        return;
    }
    passage->route = route_find(request->arena, request->method, path, &passage->name, &allowed);
    request->slot = passage->route == NULL ? HTTP_SLOT_NONE : http_tally_slot(passage->route);
    if (passage->route == NULL && allowed != NULL) {
        status_fail(&status, STATUS_UNIMPLEMENTED, "This path takes %s, not %s.", allowed, request->method);
        answer_error_as(passage, 405, &status, allowed);
    } else if (passage->route == NULL) {
        status_fail(&status, STATUS_NOT_FOUND, "There is no route %s %.200s; GET / lists all of them.", request->method,
                    path);
        answer_error(passage, &status);
    } else if (passage->route->own != ROUTE_OWN_NONE) {
        answer_here(passage);
    } else if (request->body.size > DISPATCH_READ_HERE) {
        read_behind(passage);
    } else {
        pass_on(passage);
    }
}

/* The log line has the path as it arrived, without its query. */
static void log_request(const struct http_request *request, unsigned status, int64_t us)
{
    char path[LOG_QUOTED_SIZE];
    char id[LOG_QUOTED_SIZE];
    const enum log_level level = status >= 500 ? LOG_INFO : LOG_DEBUG;
    if (!log_wants(level)) {
        return;
    }
    log_write(level, "request", "method=%.16s path=%s status=%u ms=%lld request_id=%s%s%s", request->method,
              log_quoted(request->path, path), status, (long long)(us < 0 ? us : us / 1000),
              log_quoted(request->id, id),
              request->trace == NULL ? "" : " trace_id=", request->trace == NULL ? "" : request->trace);
}

void dispatch_served(void *data, const struct http_request *request, unsigned status, int64_t us)
{
    http_tally_answered(((struct bridge *)data)->tally, request->slot, status, us);
    log_request(request, status, us);
}
