/* What C users expect of a run: see test_c.py. Prints a line for each. */
#include <stdio.h>
#include <truss/client.h>
#include <truss/migration/v1/migration.pb-c.h>

typedef Truss__Migration__V1__Operation Operation;
typedef Truss__Migration__V1__RunRequest RunRequest;

static int count(const uint8_t *event, size_t size, void *data)
{
    (void)event;
    (void)size;
    ++*(int *)data;
    return 0;
}

static int enough(const uint8_t *event, size_t size, void *data)
{
    (void)event;
    (void)size;
    (void)data;
    return 7;
}

int main(int argc, char **argv)
{
    struct truss_client *const client = truss_client_open(argc > 1 ? argv[1] : "");
    struct truss_result result;
    char one[] = "1", two[] = "2", three[] = "3", none[] = "none";
    char *names[] = {three};
    int events = 0;

    RunRequest request = TRUSS__MIGRATION__V1__RUN_REQUEST__INIT;
    request.target = one;
    int got = truss_client_run(client, &request.base, count, &events, &result);
    Operation *operation = truss__migration__v1__operation__unpack(NULL, result.size, result.operation);
    printf("all %d %zu %d\n", got, operation->result->n_applied, events > 1);
    truss__migration__v1__operation__free_unpacked(operation, NULL);
    truss_client_result_free(&result);

    request.target = two;
    got = truss_client_run(client, &request.base, NULL, NULL, &result);
    operation = truss__migration__v1__operation__unpack(NULL, result.size, result.operation);
    printf("failed %d %s\n", got, operation->result->failed->error);
    truss__migration__v1__operation__free_unpacked(operation, NULL);
    truss_client_result_free(&result);

    RunRequest alone = TRUSS__MIGRATION__V1__RUN_REQUEST__INIT;
    alone.n_migrations = 1;
    alone.migrations = names;
    alone._allow_out_of_order_case = TRUSS__MIGRATION__V1__RUN_REQUEST___ALLOW_OUT_OF_ORDER_ALLOW_OUT_OF_ORDER;
    alone.allow_out_of_order = 1;
    got = truss_client_run(client, &alone.base, enough, NULL, &result);
    operation = truss__migration__v1__operation__unpack(NULL, result.size, result.operation);
    printf("cancelled %d %d\n", got, (int)operation->state);
    truss__migration__v1__operation__free_unpacked(operation, NULL);
    truss_client_result_free(&result);

    request.target = none;
    got = truss_client_run(client, &request.base, NULL, NULL, &result);
    operation = truss__migration__v1__operation__unpack(NULL, result.size, result.operation);
    printf("wrong %d %d\n", got, operation->error->code);
    truss__migration__v1__operation__free_unpacked(operation, NULL);
    truss_client_result_free(&result);
    truss_client_close(client);

    struct truss_client *const nobody = truss_client_open("tcp://127.0.0.1:1");
    truss_client_set_timeout(nobody, 300);
    got = truss_client_run(nobody, &request.base, NULL, NULL, &result);
    printf("nobody %d %d\n", got, result.operation == NULL);
    truss_client_result_free(&result);
    truss_client_close(nobody);
    return 0;
}
