/*
 * What libmicrohttpd knows of a request: who sent it, its headers and its query.
 */
#include "bridge/http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <strings.h>

const char *http_client(const struct http_request *request)
{
    char host[INET6_ADDRSTRLEN];
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL) {
        return NULL;
    }
    const bool is_six = info->client_addr->sa_family == AF_INET6;
    const void *const address =
        is_six ? (const void *)&((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr
               : (const void *)&((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr;
    return inet_ntop(is_six ? AF_INET6 : AF_INET, address, host, sizeof host) == NULL
               ? NULL
               : arena_strdup(request->arena, host);
}

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

struct query { /* the receiver of its parameters */
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
