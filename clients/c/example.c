/* Prints every migration with its state: `truss-example tcp://127.0.0.1:8788`. */
#include <stdio.h>
#include <truss/client.h>
#include <truss/migration/v1/migration.pb-c.h>

static void on_status(const Truss__Migration__V1__GetStatusResponse *reply, void *data)
{
    (void)data;
    for (size_t i = 0; reply != NULL && i < reply->n_migrations; i++) {
        const int state = (int)reply->migrations[i]->state;
        const ProtobufCEnumValue *value =
            protobuf_c_enum_descriptor_get_value(&truss__migration__v1__state__descriptor, state);
        printf("%s %s\n", value->name, reply->migrations[i]->name);
    }
}

int main(int argc, char **argv)
{
    struct truss_client *client = truss_client_open(argc > 1 ? argv[1] : "tcp://127.0.0.1:8788");
    if (client == NULL) {
        return 2;
    }
    Truss__Migration__V1__GetStatusRequest request;
    truss__migration__v1__get_status_request__init(&request);
    truss__migration__v1__migration_service__get_status(
        truss_client_service(client, &truss__migration__v1__migration_service__descriptor), &request, on_status, NULL);
    const int code = truss_client_error(client)->code;
    if (code != 0) {
        fprintf(stderr, "%s: %s\n", truss_client_error(client)->name, truss_client_error(client)->message);
    }
    truss_client_close(client);
    return code == 0 ? 0 : 1;
}
