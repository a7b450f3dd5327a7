/*
 * What libmicrohttpd knows about a request: its sender, headers and query.
 */
#include "bridge/http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <strings.h>

const char *http_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

struct header_list {
    const char *name;
    struct buffer values;
};

static enum MHD_Result add_value(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct header_list *const list = data;
    (void)kind;
    if (strcasecmp(name, list->name) == 0) {
        buffer_puts(&list->values, list->values.size == 0 ? "" : ", ");
        buffer_puts(&list->values, value == NULL ? "" : value);
    }
    return MHD_YES;
}

struct text http_header_list(const struct http_request *request, const char *name)
{
    struct header_list list = {.name = name, .values = {.arena = request->arena}};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, add_value, &list);
    return buffer_text(&list.values);
}

/* NULL: not known. */
static const struct sockaddr *peer_of(const struct http_request *request)
{
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info == NULL ? NULL : info->client_addr;
}

static bool is_by_proxy(const struct http_request *request)
{
    const struct sockaddr *const peer = peer_of(request);
    return peer != NULL && proxies_have(request->proxies, peer);
}

static const char *address_text(struct arena *arena, const struct sockaddr *address)
{
    char host[INET6_ADDRSTRLEN];
    const bool is_six = address->sa_family == AF_INET6;
    const void *const bytes = is_six ? (const void *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr
                                     : (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
    return inet_ntop(is_six ? AF_INET6 : AF_INET, bytes, host, sizeof host) == NULL ? NULL : arena_strdup(arena, host);
}

const char *http_client(const struct http_request *request)
{
    const struct sockaddr *const peer = peer_of(request);
    struct sockaddr_storage client;
    if (peer == NULL) {
        return NULL;
    }
    const bool is_told =
        is_by_proxy(request) &&
        proxies_client(request->proxies, http_header_list(request, proxies_header(request->proxies)), &client);
    return address_text(request->arena, is_told ? (const struct sockaddr *)&client : peer);
}

bool http_is_https(const struct http_request *request)
{
    return is_by_proxy(request) &&
           proxies_by_https(request->proxies, http_header_list(request, proxies_scheme_header(request->proxies)));
}

struct query { /* receives its parameters */
    http_parameter *parameter;
    void *context;
};

static enum MHD_Result pass_parameter(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const struct query *const query = data;
    (void)kind;
    query->parameter(query->context, name, value);
    return MHD_YES;
}

void http_query(const struct http_request *request, http_parameter *parameter, void *context)
{
    struct query query = {.parameter = parameter, .context = context};
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, pass_parameter, &query);
}
