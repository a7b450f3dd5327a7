#include "worker/telemetry/post.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define CONNECT_MS 5000L

bool post_is_url(const char *url)
{
    CURLU *const parsed = url == NULL ? NULL : curl_url();
    char *scheme = NULL;
    char *host = NULL;
    const bool ok = parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
                    curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                    curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK && host[0] != '\0' &&
                    (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parsed);
    return ok;
}

bool post_prepare(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

static size_t drop(char *bytes, size_t one, size_t count, void *data)
{
    (void)bytes;
    (void)data;
    return one * count;
}

static int goes_on(void *data, curl_off_t to_get, curl_off_t got, curl_off_t to_send, curl_off_t sent)
{
    const atomic_bool *const stopping = data;
    (void)to_get;
    (void)to_send;
    (void)sent;
    return (stopping != NULL && atomic_load(stopping)) || got > 1024 * 1024;
}

/* All calls of curl_easy_setopt in one place, since it does not check types. */
static void set_up(CURL *curl, const struct post *post, struct curl_slist *headers)
{
    curl_easy_setopt(curl, CURLOPT_URL, post->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post->body.data);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.size);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "truss-worker/" TRUSS_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)post->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, goes_on);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)(uintptr_t)post->stopping);
}

static struct curl_slist *list_headers(const struct post *post)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (const char *const *header = post->headers; *header != NULL; header++) {
        list = curl_slist_append(list, *header);
    }
    return list;
}

unsigned post_send(const struct post *post, unsigned *retry_after, struct status *status)
{
    CURL *const curl = curl_easy_init();
    struct curl_slist *const headers = list_headers(post);
    long code = 0;
    curl_off_t seconds = 0;
    *retry_after = 0;
    if (curl == NULL) {
        status_fail(status, STATUS_UNAVAILABLE, "There is no memory for a request.");
    } else {
        set_up(curl, post, headers);
        const CURLcode result = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
        curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds);
        *retry_after = seconds < 0 || seconds > 86400 ? 0 : (unsigned)seconds;
        code = result == CURLE_OK ? code : 0;
        if (code == 0) {
            status_fail(status, STATUS_UNAVAILABLE, "%s.", curl_easy_strerror(result));
        }
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return (unsigned)code;
}
