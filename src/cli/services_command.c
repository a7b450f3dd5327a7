/*
 * truss services and truss call: every method of the protocol by its name, with JSON, for what has no command of its
 * own.
 */
#include "base/near.h"
#include "base/text.h"
#include "cli/call.h"
#include "cli/input.h"
#include "cli/table.h"
#include "rpc/json.h"
#include "truss/backup/v1/backup.pb-c.h"
#include "truss/branch/v1/branch.pb-c.h"
#include "truss/connection/v1/connection.pb-c.h"
#include "truss/health/v1/health.pb-c.h"
#include "truss/sql/v1/sql.pb-c.h"
#include "truss/trust/v1/trust.pb-c.h"

#include <stdio.h>
#include <string.h>

static const ProtobufCServiceDescriptor *const services[] = {
    &truss__migration__v1__migration_service__descriptor,
    &truss__health__v1__health__descriptor,
    &truss__sql__v1__sql_service__descriptor,
    &truss__connection__v1__connection_service__descriptor,
    &truss__branch__v1__branch_service__descriptor,
    &truss__backup__v1__backup_service__descriptor,
    &truss__trust__v1__trust__descriptor,
};

#define SERVICES (sizeof services / sizeof services[0])

struct found {
    const ProtobufCServiceDescriptor *service;
    const ProtobufCMethodDescriptor *method;
};

/* "GetStatus", "MigrationService/GetStatus", "truss.migration.v1.MigrationService/GetStatus", "/…" of it. */
static bool is_meant(const struct found *one, const char *name)
{
    const char *const slash = strrchr(name, '/');
    const char *const method = slash == NULL ? name : slash + 1;
    const char *const from = name[0] == '/' ? name + 1 : name;
    const struct text service = {from, slash == NULL || slash < from ? 0 : (size_t)(slash - from)};
    return strcmp(method, one->method->name) == 0 &&
           (service.size == 0 || text_is(service, one->service->name) || text_is(service, one->service->short_name));
}

static bool fail_unknown(struct cli *cli, const char *name)
{
    struct near near = {.wanted = text_of(name)};
    for (size_t i = 0; i < SERVICES; i++) {
        for (unsigned j = 0; j < services[i]->n_methods; j++) {
            near_try(&near, services[i]->methods[j].name);
        }
    }
    status_fail(cli->status, STATUS_INVALID_ARGUMENT, "There is no method \"%s\"%s%s%s", name,
                near.name == NULL ? "." : "; did you mean \"", near.name == NULL ? "" : near.name,
                near.name == NULL ? "" : "\"?");
    cli->status->hint = "truss services lists them.";
    return false;
}

/* False, with a message, for none and for one of several services. */
static bool find(struct cli *cli, const char *name, struct found *found)
{
    size_t count = 0;
    for (size_t i = 0; i < SERVICES; i++) {
        for (unsigned j = 0; j < services[i]->n_methods; j++) {
            const struct found one = {services[i], &services[i]->methods[j]};
            if (is_meant(&one, name)) {
                *found = one;
                count++;
            }
        }
    }
    if (count == 0) {
        return fail_unknown(cli, name);
    }
    return count == 1 ||
           status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                       "\"%s\" is a method of several services: say SERVICE/%s, as truss services has it.", name, name);
}

/* ---- truss services ---- */

static void list(void)
{
    for (size_t i = 0; i < SERVICES; i++) {
        for (unsigned j = 0; j < services[i]->n_methods; j++) {
            const ProtobufCMethodDescriptor *const method = &services[i]->methods[j];
            printf("%s/%s  %s -> %s\n", services[i]->name, method->name, method->input->short_name,
                   method->output->short_name);
        }
    }
}

/* An empty message: every field that it may have, as JSON. */
static void print_fields(struct cli *cli, const char *label, const ProtobufCMessageDescriptor *descriptor)
{
    struct buffer json = {.arena = cli->arena};
    ProtobufCMessage *const empty = arena_alloc(cli->arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, empty);
    json_write(&json, empty, JSON_SNAKE);
    printf("%s  %s\n%s\n", label, descriptor->name, buffer_string(&json));
}

int command_services(struct cli *cli)
{
    struct found found;
    if (cli->word_count == 0) {
        list();
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
