/* Speaks for this client in tests/clients/test_conformance.py: see there for the lines. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <truss/backup/v1/backup.pb-c.h>
#include <truss/branch/v1/branch.pb-c.h>
#include <truss/client.h>
#include <truss/connection/v1/connection.pb-c.h>
#include <truss/migration/v1/migration.pb-c.h>
#include <truss/sql/v1/sql.pb-c.h>

/* "sql.Query": the service before the dot; none is the migrations'. */
static const ProtobufCServiceDescriptor *service_of(const char **name)
{
    const char *const dot = strchr(*name, '.');
    const ProtobufCServiceDescriptor *service = &truss__migration__v1__migration_service__descriptor;
    if (dot != NULL) {
        service = strncmp(*name, "sql.", 4) == 0      ? &truss__sql__v1__sql_service__descriptor
                  : strncmp(*name, "branch.", 7) == 0 ? &truss__branch__v1__branch_service__descriptor
                  : strncmp(*name, "backup.", 7) == 0 ? &truss__backup__v1__backup_service__descriptor
                                                      : &truss__connection__v1__connection_service__descriptor;
        *name = dot + 1;
    }
    return service;
}

static void say(const char *verb, const uint8_t *bytes, size_t size)
{
    printf("%s ", verb);
    for (size_t i = 0; i < size; i++) {
        printf("%02x", bytes[i]);
    }
    putchar('\n');
}

static const char *or_dash(const char *word)
{
    return word[0] == '\0' ? "-" : word;
}

static void fail(const struct truss_error *error)
{
    printf("error %s %s %s %s\n", error->name, or_dash(error->reason), or_dash(error->sqlstate), error->message);
}

static void on_reply(const ProtobufCMessage *reply, void *data)
{
    if (reply == NULL) {
        fail(truss_client_error(data));
        return;
    }
    const size_t size = protobuf_c_message_get_packed_size(reply);
    uint8_t *const bytes = malloc(size + 1);
    protobuf_c_message_pack(reply, bytes);
    say("reply", bytes, size);
    free(bytes);
}

static int on_event(const uint8_t *event, size_t size, void *data)
{
    (void)data;
    say("event", event, size);
    return 0;
}

static uint8_t *unhex(const char *hex, size_t *size)
{
    uint8_t *const bytes = malloc(strlen(hex) / 2 + 1);
    for (*size = 0; hex[2 * *size] != '\0'; (*size)++) {
        char digits[3] = {hex[2 * *size], hex[2 * *size + 1], '\0'};
        bytes[*size] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return bytes;
}

static void call(struct truss_client *client, char *rest)
{
    const char *name = strtok_r(NULL, " ", &rest);
    const ProtobufCServiceDescriptor *const service = service_of(&name);
    const char *const timeout = strtok_r(NULL, " ", &rest);
    const char *const key = strtok_r(NULL, " ", &rest);
    const char *const payload = strtok_r(NULL, " ", &rest);
    const ProtobufCMethodDescriptor *const method = protobuf_c_service_descriptor_get_method_by_name(service, name);
    size_t size;
    uint8_t *const bytes = unhex(payload == NULL ? "" : payload, &size);
    ProtobufCMessage *const request = protobuf_c_message_unpack(method->input, NULL, size, bytes);
    truss_client_set_timeout(client, timeout[0] == '-' ? 30000 : (uint32_t)strtoul(timeout, NULL, 10));
    truss_client_set_key(client, strcmp(key, "-") == 0 ? NULL : key);
    ProtobufCService *const worker = truss_client_service(client, service);
    worker->invoke(worker, (unsigned)(method - service->methods), request, on_reply, client);
    protobuf_c_message_free_unpacked(request, NULL);
    free(bytes);
}

typedef int make_fn(struct truss_client *client, const ProtobufCMessage *request, truss_event_fn *on_event, void *data,
                    struct truss_result *result);

static const struct {
    const char *verb;
    make_fn *function;
    const ProtobufCMessageDescriptor *request;
} makers[] = {
    {"make", truss_client_make_branch, &truss__branch__v1__create_branch_request__descriptor},
    {"reset", truss_client_reset_branch, &truss__branch__v1__reset_branch_request__descriptor},
    {"golden", truss_client_refresh_golden, &truss__branch__v1__refresh_golden_request__descriptor},
};

/* False where it is no such verb. */
static bool make(struct truss_client *client, const char *verb, const char *payload)
{
    struct truss_result result;
    size_t which = 0;
    size_t size;
    while (which < sizeof makers / sizeof makers[0] && strcmp(makers[which].verb, verb) != 0) {
        which++;
    }
    if (which == sizeof makers / sizeof makers[0]) {
        return false;
    }
    uint8_t *const bytes = unhex(payload, &size);
    ProtobufCMessage *const request = protobuf_c_message_unpack(makers[which].request, NULL, size, bytes);
    if (makers[which].function(client, request, on_event, NULL, &result) == 0) {
        say("reply", result.operation, result.size);
    } else {
        fail(truss_client_error(client));
    }
    truss_client_result_free(&result);
    protobuf_c_message_free_unpacked(request, NULL);
    free(bytes);
    return true;
}

int main(int argc, char **argv)
{
    struct truss_client *client = truss_client_open(argc > 1 ? argv[1] : "tcp://127.0.0.1:8788");
    char *line = NULL;
    size_t capacity = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (client != NULL && getline(&line, &capacity, stdin) > 0) {
        char *rest = line;
        line[strcspn(line, "\n")] = '\0';
        const char *const verb = strtok_r(NULL, " ", &rest);
        if (strcmp(verb, "call") == 0) {
            call(client, rest);
        } else if (make(client, verb, rest == NULL ? "" : rest)) {
            continue;
        } else if (truss_client_watch(client, rest, 0, on_event, NULL) == 0) {
            puts("end");
        } else {
            fail(truss_client_error(client));
        }
    }
    free(line);
    truss_client_close(client);
    return client == NULL ? 2 : 0;
}
