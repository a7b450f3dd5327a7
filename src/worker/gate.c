/*
 * Uses a request's metadata: authorization; forwarded-for, a bridge's client, which is as credible as the bridge and
 * always recorded with the bridge's own address; login, with which a bridge demands one.
 */
#include "worker/gate.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return text != NULL && (inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1);
}

/* "10.1.2.3 by 127.0.0.1:40122" for a bridge's client. Anything that is not an address is left out. */
static const char *from_of(const struct rpc_visitor *visitor)
{
    const char *const client = rpc_request_metadata(visitor->request, "forwarded-for");
    return is_address(client) ? arena_printf(visitor->arena, "%s by %s", client, visitor->peer->address)
                              : visitor->peer->address;
}

static bool demands_login(const struct rpc_visitor *visitor)
{
    const char *const word = rpc_request_metadata(visitor->request, "login");
    return word != NULL && strcmp(word, "required") == 0;
}

static bool enter_without_login(const struct rpc_visitor *visitor, struct principal *principal, struct status *status)
{
    if (demands_login(visitor)) {
        return status_fail_because(status, STATUS_PERMISSION_DENIED, REASON_NO_LOGIN,
                                   "The bridge listens to other machines, and this worker asks nobody for a login. "
                                   "Start the worker with --tokens, or the bridge with --insecure-no-login.");
    }
    principal->kind = visitor->peer->has_uid ? PRINCIPAL_USER : PRINCIPAL_ANONYMOUS;
    principal->name =
        visitor->peer->has_uid ? arena_printf(visitor->arena, "uid %llu", (unsigned long long)visitor->peer->uid) : "";
    principal->scopes = SCOPE_ALL;
    return true;
}

bool gate_enter(void *context, const struct rpc_visitor *visitor, struct rpc_admitted *admitted, struct status *status)
{
    const struct gate *const gate = context;
    struct principal *const principal = &admitted->principal;
    const struct login_try said = {
        .authorization = rpc_request_metadata(visitor->request, "authorization"),
        .host = visitor->peer->host,
        .since = visitor->arrived,
    };
    struct login_wait wait;
    *principal = (struct principal){.name = "", .from = from_of(visitor)};
    if (gate->login == NULL) {
        return enter_without_login(visitor, principal, status);
    }
    const bool is_known = login_check(gate->login, &said, principal, &wait, status);
    admitted->delay_ms = wait.delay_ms;
    admitted->again_ms = wait.again_ms;
    return is_known;
}

bool gate_waits(void *context, const struct rpc_visitor *visitor)
{
    const struct gate *const gate = context;
    return gate->login != NULL && login_waits(gate->login, rpc_request_metadata(visitor->request, "authorization"));
}
