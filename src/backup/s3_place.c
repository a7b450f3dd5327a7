/*
 * Anything that is not understood is an error: an unknown parameter may say where the data must not go.
 */
#include "backup/s3_place.h"

#include "base/local_address.h"

#include <stdlib.h>
#include <string.h>

#define START   "s3://"
#define USUAL   "us-east-1"
#define LONGEST 255

bool s3_place_is(const char *url)
{
    return strncmp(url, START, sizeof START - 1) == 0;
}

/* ---- the URL ---- */

struct reading {
    struct arena *arena;
    struct s3_place *place;
    struct status *status;
    const char *endpoint; /* NULL: Amazon's */
    const char *style;    /* NULL: depends on the endpoint */
    bool is_insecure;
};

/* NULL if an escape is invalid, or there is a control character. */
static const char *decode(struct arena *arena, struct text text)
{
    const char *const value = text_percent_decode(arena, text);
    for (const char *c = value; c != NULL && *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 127) {
            return NULL;
        }
    }
    return value;
}

static bool take_parameter(struct reading *reading, struct text name, const char *value)
{
    if (text_is(name, "endpoint")) {
        reading->endpoint = value;
    } else if (text_is(name, "region")) {
        reading->place->region = value;
    } else if (text_is(name, "style") && (strcmp(value, "path") == 0 || strcmp(value, "virtual") == 0)) {
        reading->style = value;
    } else if (text_is(name, "insecure") && (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)) {
        reading->is_insecure = strcmp(value, "true") == 0;
    } else {
        return status_fail(
            reading->status, STATUS_INVALID_ARGUMENT,
            "--backups: \"%.*s\" is not a parameter of a store, or has a wrong value. There are endpoint, "
            "region, style (path, virtual) and insecure (true, false); credentials are in the "
            "environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).",
            (int)(name.size < 40 ? name.size : 40), name.data);
    }
    return true;
}

static bool read_parameters(struct reading *reading, struct text query)
{
    while (query.size > 0) {
        const size_t end = text_find(query, "&", 0);
        const struct text one = text_slice(query, 0, end);
        const size_t equals = text_find(one, "=", 0);
        const char *const value =
            equals == SIZE_MAX ? NULL : decode(reading->arena, text_slice(one, equals + 1, one.size));
        if (value == NULL || value[0] == '\0') {
            return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                               "--backups: after \"?\" come NAME=VALUE pairs, separated by \"&\".");
        }
        if (!take_parameter(reading, text_slice(one, 0, equals), value)) {
            return false;
        }
        query = end == SIZE_MAX ? (struct text){0} : text_slice(query, end + 1, query.size);
    }
    return true;
}

/* Names that all stores accept: they become part of a host name. */
static bool check_bucket(const struct reading *reading)
{
    const char *const bucket = reading->place->bucket;
    const size_t size = strlen(bucket);
    return (size >= 3 && size <= 63 && strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-") == size &&
            bucket[0] != '.' && bucket[0] != '-' && strstr(bucket, "..") == NULL) ||
           status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                       "--backups: \"%s\" is not a name of a bucket (3 to 63 of a-z, 0-9, \".\" and \"-\").", bucket);
}

static bool read_path(struct reading *reading, struct text path)
{
    const size_t slash = text_find(path, "/", 0);
    const char *const prefix = slash == SIZE_MAX ? "" : decode(reading->arena, text_slice(path, slash + 1, path.size));
    reading->place->bucket = arena_strndup(reading->arena, path.data, slash == SIZE_MAX ? path.size : slash);
    if (!check_bucket(reading)) {
        return false;
    }
    if (prefix == NULL || strlen(prefix) > LONGEST || strstr(prefix, "//") != NULL || prefix[0] == '/') {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                           "--backups: after the bucket comes a prefix of at most %d characters, without empty parts.",
                           LONGEST);
    }
    const size_t size = strlen(prefix);
    const bool is_open = size > 0 && prefix[size - 1] != '/';
    reading->place->prefix = is_open ? arena_printf(reading->arena, "%s/", prefix) : prefix;
    reading->place->display = arena_printf(reading->arena, START "%s/%s", reading->place->bucket, prefix);
    return true;
}

/* ---- endpoint and style ---- */

static const char *without_usual_port(struct arena *arena, const char *host, bool is_tls)
{
    const struct text text = text_of(host);
    const char *const port = is_tls ? ":443" : ":80";
    return text_ends_with(text, port) ? arena_strndup(arena, host, text.size - strlen(port)) : host;
}

static bool read_endpoint(struct reading *reading)
{
    const char *const endpoint = reading->endpoint;
    const bool is_tls = strncmp(endpoint, "https://", 8) == 0;
    const char *host = is_tls ? endpoint + 8 : strncmp(endpoint, "http://", 7) == 0 ? endpoint + 7 : "";
    const size_t size = strlen(host);
    host = size > 0 && host[size - 1] == '/' ? arena_strndup(reading->arena, host, size - 1) : host;
    if (host[0] == '\0' || strpbrk(host, "/@?#\\ ") != NULL) {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                           "--backups: the endpoint is https://HOST or https://HOST:PORT, without a path.");
    }
    const char *const address =
        arena_printf(reading->arena, "tcp://%s%s", host, strrchr(host, ':') == NULL ? ":80" : "");
    if (!is_tls && !reading->is_insecure && !url_is_local(address)) {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT,
                           "--backups: over http:// everybody on the way can read the backups. Take an https:// "
                           "endpoint, or say insecure=true.");
    }
    const bool is_path = reading->style == NULL || strcmp(reading->style, "path") == 0;
    const char *const own = is_path ? host : arena_printf(reading->arena, "%s.%s", reading->place->bucket, host);
    reading->place->origin = arena_printf(reading->arena, "%s://%s", is_tls ? "https" : "http", own);
    reading->place->host = without_usual_port(reading->arena, own, is_tls);
    reading->place->base = is_path ? arena_printf(reading->arena, "/%s/", reading->place->bucket) : "/";
    return true;
}

static const char *variable(struct arena *arena, const char *name)
{
    const char *const value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : arena_strdup(arena, value);
}

/* Amazon's certificate covers only one label before the host, so a bucket with a dot must be in the path. */
static void choose_amazon(struct reading *reading)
{
    const bool has_dot = strchr(reading->place->bucket, '.') != NULL;
    if (reading->endpoint == NULL) {
        reading->endpoint = arena_printf(reading->arena, "https://s3.%s.amazonaws.com", reading->place->region);
        reading->style = reading->style != NULL ? reading->style : has_dot ? "path" : "virtual";
    }
}

static bool read_credentials(const struct reading *reading)
{
    struct s3_place *const place = reading->place;
    place->key_id = variable(reading->arena, "AWS_ACCESS_KEY_ID");
    place->secret = variable(reading->arena, "AWS_SECRET_ACCESS_KEY");
    place->token = variable(reading->arena, "AWS_SESSION_TOKEN");
    place->ca_file = variable(reading->arena, "AWS_CA_BUNDLE");
    return (place->key_id != NULL && place->secret != NULL) ||
           status_fail(reading->status, STATUS_FAILED_PRECONDITION,
                       "--backups: the credentials of the store are missing: the variable %s is not set.",
                       place->key_id == NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
}

bool s3_place_read(struct arena *arena, const char *url, struct s3_place *place, struct status *status)
{
    struct reading reading = {.arena = arena, .place = place, .status = status};
    const struct text rest = text_of(url + sizeof START - 1);
    const size_t question = text_find(rest, "?", 0);
    const struct text query = question == SIZE_MAX ? (struct text){0} : text_slice(rest, question + 1, rest.size);
    *place = (struct s3_place){.region = variable(arena, "AWS_REGION")};
    place->region = place->region == NULL ? USUAL : place->region;
    if (!read_path(&reading, text_slice(rest, 0, question)) || !read_parameters(&reading, query)) {
        return false;
    }
    if (strspn(place->region, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(place->region)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--backups: \"%s\" is not a region.", place->region);
    }
    choose_amazon(&reading);
    return read_endpoint(&reading) && read_credentials(&reading);
}
