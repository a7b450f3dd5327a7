/*
 * truss services and truss call: every method of the protocol by its name, with JSON, for what has no command of its
 * own. A newer worker may have methods that this program does not know: so the worker is asked to describe itself.
 */
#include "base/near.h"
#include "base/text.h"
#include "cli/commands/input.h"
#include "cli/reach/call.h"
#include "cli/reach/worker.h"
#include "cli/table.h"
#include "rpc/described.h"
#include "rpc/json.h"
#include "truss/backup/v1/backup.pb-c.h"
#include "truss/branch/v1/branch.pb-c.h"
#include "truss/connection/v1/connection.pb-c.h"
#include "truss/health/v1/health.pb-c.h"
#include "truss/sql/v1/sql.pb-c.h"
#include "truss/trust/v1/trust.pb-c.h"

#include <stdio.h>
#include <string.h>

static const ProtobufCServiceDescriptor *const own_services[] = {
    &truss__migration__v1__migration_service__descriptor,
    &truss__health__v1__health__descriptor,
    &truss__sql__v1__sql_service__descriptor,
    &truss__connection__v1__connection_service__descriptor,
    &truss__branch__v1__branch_service__descriptor,
    &truss__backup__v1__backup_service__descriptor,
    &truss__trust__v1__trust__descriptor,
};

static const struct described own = {own_services, sizeof own_services / sizeof own_services[0]};

struct found {
    const ProtobufCServiceDescriptor *service;
    const ProtobufCMethodDescriptor *method;
};

/* Does `name` mean this method? "GetStatus", "MigrationService/GetStatus", the full
 * "truss.migration.v1.MigrationService/GetStatus", and "/…" in front of any of these are accepted. */
static bool is_meant(const struct found *one, const char *name)
{
    const char *const slash = strrchr(name, '/');
    const char *const method = slash == NULL ? name : slash + 1;
    const char *const from = name[0] == '/' ? name + 1 : name;
    const struct text service = {from, slash == NULL || slash < from ? 0 : (size_t)(slash - from)};
    return strcmp(method, one->method->name) == 0 &&
           (service.size == 0 || text_is(service, one->service->name) || text_is(service, one->service->short_name));
}

/* theirs: NULL if no worker was asked. */
static bool fail_unknown(struct cli *cli, const char *name, const struct described *theirs)
{
    const struct described *const all = theirs == NULL ? &own : theirs;
    struct near near = {.wanted = text_of(name)};
    for (size_t i = 0; i < all->count; i++) {
        for (unsigned j = 0; j < all->services[i]->n_methods; j++) {
            near_try(&near, all->services[i]->methods[j].name);
        }
    }
    status_fail(cli->status, STATUS_INVALID_ARGUMENT, "There is no method \"%s\"%s%s%s", name,
                near.name == NULL ? "." : "; did you mean \"", near.name == NULL ? "" : near.name,
                near.name == NULL ? "" : "\"?");
    cli->status->hint = theirs != NULL ? "truss services lists them."
                                       : "truss services lists those that this truss knows; to include those of a "
                                         "newer worker, name it with --worker.";
    return false;
}

/* Counts the methods that match this name; *found is the last one. */
static size_t count_meant(const struct described *described, const char *name, struct found *found)
{
    size_t count = 0;
    for (size_t i = 0; i < described->count; i++) {
        const ProtobufCServiceDescriptor *const service = described->services[i];
        for (unsigned j = 0; j < service->n_methods; j++) {
            const struct found one = {service, &service->methods[j]};
            if (is_meant(&one, name)) {
                *found = one;
                count++;
            }
        }
    }
    return count;
}

/* Asks the worker to describe itself. */
static bool ask(struct cli *cli, struct described *described)
{
    const Truss__Health__V1__GetDescriptorsRequest request = TRUSS__HEALTH__V1__GET_DESCRIPTORS_REQUEST__INIT;
    const Truss__Health__V1__GetDescriptorsResponse *const reply =
        call(cli, &truss__health__v1__health__descriptor, "GetDescriptors", &request.base, READ_SECONDS);
    return reply != NULL &&
           described_read(cli->arena,
                          (struct text){(const char *)reply->file_descriptor_set.data, reply->file_descriptor_set.len},
                          described, cli->status);
}

/* Did the worker answer without describing itself? It may be an older one, or one that does not tell everybody. */
static bool is_kept_back(enum status_code code)
{
    return code == STATUS_UNIMPLEMENTED || code == STATUS_PERMISSION_DENIED || code == STATUS_UNAUTHENTICATED;
}

/* Returns false, with a message, if no method or several services match. A method that this program knows may have more
 * fields in the worker, so the worker's own description is used first. A worker that this command started is of the
 * same version, and is not asked. */
static bool find(struct cli *cli, const char *name, struct found *found)
{
    struct status unanswered = {.arena = cli->arena};
    struct cli asking = *cli;
    struct described theirs;
    asking.status = &unanswered;
    asking.given.key = NULL;
    const bool may_differ = cli->worker != NULL && !worker_is_private(cli);
    const bool is_asked = may_differ && ask(&asking, &theirs);
    const size_t count = count_meant(is_asked ? &theirs : &own, name, found);
    const bool is_hard = count == 0 ? !is_kept_back(unanswered.code) : unanswered.code == STATUS_DEADLINE_EXCEEDED;
    if (may_differ && !is_asked && is_hard) {
        *cli->status = unanswered;
        return false;
    }
    if (count == 0) {
        return fail_unknown(cli, name, is_asked ? &theirs : NULL);
    }
    return count == 1 ||
           status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                       "\"%s\" is a method of several services: say SERVICE/%s, as truss services has it.", name, name);
}

/* ---- truss services ---- */

static void list(const struct described *described)
{
    for (size_t i = 0; i < described->count; i++) {
        const ProtobufCServiceDescriptor *const service = described->services[i];
        for (unsigned j = 0; j < service->n_methods; j++) {
            const ProtobufCMethodDescriptor *const method = &service->methods[j];
            printf("%s/%s  %s -> %s\n", service->name, method->name, method->input->short_name,
                   method->output->short_name);
        }
    }
}

/* Prints an empty message as JSON, with every field that it may have. */
static void print_fields(struct cli *cli, const char *label, const ProtobufCMessageDescriptor *descriptor)
{
    struct buffer json = {.arena = cli->arena};
    json_write(&json, json_read(cli->arena, descriptor, text_of(""), cli->status), JSON_SNAKE);
    printf("%s  %s\n%s\n", label, descriptor->name, buffer_string(&json));
}

int command_services(struct cli *cli)
{
    const bool is_named = cli->given.worker != NULL;
    struct described theirs;
    struct found found;
    if (is_named && !worker_find(cli)) {
        return EXIT_ERROR;
    }
    if (cli->word_count == 0) {
        if (is_named && !ask(cli, &theirs)) {
            return EXIT_ERROR;
        }
        list(is_named ? &theirs : &own);
        return EXIT_FINE;
    }
    if (!find(cli, cli->words[0], &found)) {
        return EXIT_ERROR;
    }
    printf("%s/%s\n", found.service->name, found.method->name);
    print_fields(cli, "request", found.method->input);
    print_fields(cli, "reply  ", found.method->output);
    return EXIT_FINE;
}

/* ---- truss call ---- */

static bool read_request(struct cli *cli, const struct found *found, const ProtobufCMessage **request)
{
    const bool from_input = cli->word_count > 1 && strcmp(cli->words[1], "-") == 0;
    struct text json = text_of(cli->word_count > 1 ? cli->words[1] : "");
    if (from_input && !input_read(cli->arena, &json, cli->status)) {
        return false;
    }
    *request = json_read(cli->arena, found->method->input, json, cli->status);
    if (*request == NULL && cli->status->hint == NULL) {
        cli->status->hint = arena_printf(cli->arena, "truss services %s shows its fields.", found->method->name);
    }
    return *request != NULL;
}

int command_call(struct cli *cli)
{
    struct found found;
    const ProtobufCMessage *request;
    if (!find(cli, cli->words[0], &found) || !read_request(cli, &found, &request)) {
        return EXIT_ERROR;
    }
    const ProtobufCMessage *const reply = call(cli, found.service, found.method->name, request, READ_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    struct buffer json = {.arena = cli->arena};
    json_write(&json, reply, JSON_SNAKE);
    printf("%s\n", buffer_string(&json));
    return EXIT_FINE;
}
