#include "trust/fetch.h"

#include <curl/curl.h>

#define CONNECT_MS 5000L
#define WHOLE_MS   10000L

struct fetching {
    const struct fetch *fetch;
    struct buffer body;
    bool is_too_large;
};

void fetch_begin(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t take(char *data, size_t one, size_t count, void *own)
{
    struct fetching *const fetching = own;
    fetching->is_too_large = fetching->body.size + one * count > fetching->fetch->limit;
    if (fetching->is_too_large) {
        return 0;
    }
    buffer_add(&fetching->body, (struct text){data, one * count});
    return one * count;
}

static int go_on(void *own, curl_off_t down, curl_off_t down_now, curl_off_t up, curl_off_t up_now)
{
    const struct fetching *const fetching = own;
    (void)down, (void)down_now, (void)up, (void)up_now;
    return fetching->fetch->is_ending(fetching->fetch->data) ? 1 : 0;
}

static void set_up(CURL *curl, struct fetching *fetching, char error[CURL_ERROR_SIZE])
{
    curl_easy_setopt(curl, CURLOPT_URL, fetching->fetch->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, WHOLE_MS);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "truss");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetching);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, fetching);
    if (fetching->fetch->ca != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, fetching->fetch->ca);
    }
}

bool fetch_text(const struct fetch *fetch, struct text *content, struct status *status)
{
    struct fetching fetching = {.fetch = fetch, .body = {.arena = status->arena}};
    char error[CURL_ERROR_SIZE] = "";
    long code = 0;
    CURL *const curl = curl_easy_init();
    if (curl == NULL) {
        return status_fail(status, STATUS_UNAVAILABLE, "%s: there is no memory to fetch it.", fetch->url);
    }
    set_up(curl, &fetching, error);
    const CURLcode result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_cleanup(curl);
    if (fetching.is_too_large) {
        return status_fail(status, STATUS_UNAVAILABLE, "%s is larger than %zu bytes.", fetch->url, fetch->limit);
    }
    if (result != CURLE_OK) {
        return status_fail(status, STATUS_UNAVAILABLE, "%s cannot be fetched: %s.", fetch->url,
                           error[0] == '\0' ? curl_easy_strerror(result) : error);
    }
    *content = buffer_text(&fetching.body);
    return code == 200 ||
           status_fail(status, STATUS_UNAVAILABLE, "%s answered with %ld instead of 200.", fetch->url, code);
}
