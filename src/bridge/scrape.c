/*
 * Replies come on several threads: each is merged under a mutex, and the last one answers.
 */
#include "bridge/scrape.h"

#include "bridge/answer.h"
#include "bridge/tally.h"
#include "truss/health/v1/health.pb-c.h"

#define WORKER_MS  3000 /* for a worker's answer: a scrape usually has ten seconds */
#define CONNECT_MS 500

struct scrape;

/* A worker that is asked. */
struct question {
    struct scrape *scrape;
    struct rpc_channel *worker;
};

struct scrape {
    struct passage *passage;
    pthread_mutex_t mutex; /* protects the rest, and the arena */
    struct metrics metrics;
    metric_family *up;
    size_t left; /* outstanding answers, and one for the asking code */
    size_t welcome;
    struct status refusal; /* the first refusal; code OK: none */
    struct question questions[LIMIT_WORKERS];
};

/* ---- the bridge's own metrics ---- */

static void show_workers(const struct bridge *bridge, struct metrics *metrics)
{
    static const struct metric calls = {"truss_worker_calls", "Calls of this bridge that wait for a worker's answer.",
                                        METRIC_GAUGE};
    metric_family *const family = metrics_family(metrics, &calls);
    for (size_t i = 0; i < bridge->worker_count; i++) {
        const struct metric_label labels[] = {{"worker", rpc_channel_url(bridge->workers[i])}, {0}};
        metrics_sample(metrics, family, labels, (double)rpc_channel_calls(bridge->workers[i]));
    }
}

static void show_own(const struct bridge *bridge, struct metrics *metrics)
{
    static const struct metric info = {"truss_bridge_info", "The bridge's version; always 1.", METRIC_GAUGE};
    static const struct metric streams = {"truss_http_streams", "Streams of events under way.", METRIC_GAUGE};
    metrics_sample(metrics, metrics_family(metrics, &info),
                   (const struct metric_label[]){{"version", TRUSS_VERSION}, {0}}, 1);
    http_tally_show(bridge->tally, metrics);
    metrics_number(metrics, &streams, (double)atomic_load(&bridge->streams));
    show_workers(bridge, metrics);
    metrics_vitals(metrics, "process_");
}

/* ---- answering ---- */

static void answer(struct scrape *scrape)
{
    struct passage *const passage = scrape->passage;
    const struct bridge *const bridge = passage->bridge;
    const struct http_extra_header extra[] = {{"X-Request-Id", passage->request_id}, {0}};
    struct buffer text = {.arena = passage->http->arena};
    struct status unknown = {.arena = passage->http->arena};
    pthread_mutex_destroy(&scrape->mutex);
    if (!bridge->metrics_open && scrape->refusal.code != STATUS_OK) {
        answer_error(passage, &scrape->refusal);
    } else if (!bridge->metrics_open && scrape->welcome == 0 && atomic_load(&bridge->needs_login)) {
        status_fail(&unknown, STATUS_UNAVAILABLE,
                    "No worker that knows who may see metrics can be reached. If everybody may see the bridge's own "
                    "metrics, start it with --metrics-open.");
        answer_error(passage, &unknown);
    } else {
        metrics_write(&text, &scrape->metrics);
        http_answer(passage->http, 200, "text/plain; version=0.0.4; charset=utf-8", buffer_text(&text), extra);
    }
}

/* One outstanding answer less. The last one answers. */
static void leave(struct scrape *scrape)
{
    pthread_mutex_lock(&scrape->mutex);
    const bool is_last = --scrape->left == 0;
    pthread_mutex_unlock(&scrape->mutex);
    if (is_last) {
        answer(scrape);
    }
}

static void keep_refusal(struct scrape *scrape, const struct status *status)
{
    struct arena *const arena = scrape->passage->http->arena;
    if (scrape->refusal.code == STATUS_OK) {
        scrape->refusal = (struct status){.arena = arena};
        status_fail(&scrape->refusal, status->code, "%s", status->message);
        scrape->refusal.retry_ms = status->retry_ms;
    }
}

static void on_answer(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    const struct question *const question = data;
    struct scrape *const scrape = question->scrape;
    const struct metric_label label = {"worker", rpc_channel_url(question->worker)};
    const bool is_away = status->code == STATUS_UNAVAILABLE || status->code == STATUS_DEADLINE_EXCEEDED ||
                         status->code == STATUS_CANCELLED;
    pthread_mutex_lock(&scrape->mutex);
    metrics_sample(&scrape->metrics, scrape->up, (const struct metric_label[]){label, {0}}, is_away ? 0 : 1);
    if (status->code == STATUS_OK) {
        const Truss__Health__V1__GetMetricsResponse *const response =
            (const Truss__Health__V1__GetMetricsResponse *)reply;
        metrics_merge(&scrape->metrics, response->families, response->n_families, &label);
        scrape->welcome++;
    } else if (status->code == STATUS_UNAUTHENTICATED || status->code == STATUS_PERMISSION_DENIED ||
               status->code == STATUS_RESOURCE_EXHAUSTED) {
        keep_refusal(scrape, status);
    }
    pthread_mutex_unlock(&scrape->mutex);
    leave(scrape);
}

static void ask(struct scrape *scrape, struct question *question)
{
    static const Truss__Health__V1__GetMetricsRequest nothing = TRUSS__HEALTH__V1__GET_METRICS_REQUEST__INIT;
    static const ProtobufCServiceDescriptor *const service = &truss__health__v1__health__descriptor;
    const struct passage *const passage = scrape->passage;
    const ProtobufCMethodDescriptor *const method =
        protobuf_c_service_descriptor_get_method_by_name(service, "GetMetrics");
    const struct rpc_invocation invocation = {
        .service = service,
        .method = (unsigned)(method - service->methods),
        .request = &nothing.base,
        .options = {.timeout_ms = WORKER_MS,
                    .connect_timeout_ms = CONNECT_MS,
                    .request_id = passage->request_id,
                    .authorization = passage->credentials.authorization,
                    .forwarded_for = passage->options.forwarded_for,
                    .needs_login = atomic_load(&passage->bridge->needs_login) && !passage->bridge->metrics_open},
    };
    rpc_call(question->worker, &invocation, on_answer, question);
}

void scrape_begin(struct passage *passage)
{
    static const struct metric up = {"truss_worker_up", "Whether the worker answers its bridge.", METRIC_GAUGE};
    struct bridge *const bridge = passage->bridge;
    struct scrape *const scrape = arena_alloc(passage->http->arena, sizeof *scrape);
    *scrape = (struct scrape){.passage = passage, .metrics = {.arena = passage->http->arena}};
    pthread_mutex_init(&scrape->mutex, NULL);
    passage->options.forwarded_for = http_client(passage->http);
    show_own(bridge, &scrape->metrics);
    scrape->up = metrics_family(&scrape->metrics, &up);
    const size_t count = bridge->worker_count;
    scrape->left = count + 1; /* it must not end while we ask */
    atomic_fetch_add(&bridge->calling, 1);
    for (size_t i = 0; i < count; i++) {
        scrape->questions[i] = (struct question){scrape, bridge->workers[i]};
        if (atomic_load(&bridge->stopping)) {
            const struct status stopping = {.code = STATUS_CANCELLED, .arena = passage->http->arena};
            on_answer(NULL, &stopping, &scrape->questions[i]);
        } else {
            ask(scrape, &scrape->questions[i]);
        }
    }
    atomic_fetch_sub(&bridge->calling, 1);
    leave(scrape);
}
