/*
 * Every try of a request is signed anew: a signature is valid for fifteen minutes.
 */
#include "backup/s3_send.h"

#include "backup/s3_sign.h"
#include "base/clock.h"
#include "base/digest.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MOST_TRIES     5
#define FIRST_PAUSE_MS 500
#define STEP_MS        100
#define CONNECT_MS     10000L
#define SLOWEST        1L /* bytes a second: a connection that is slower for SLOW_S seconds counts as dead */
#define SLOW_S         60L

struct s3_link {
    const struct s3_place *place;
    CURL *curl;
};

void s3_start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct s3_link *s3_link_new(const struct s3_place *place)
{
    struct s3_link *const link = memory_alloc(sizeof *link);
    *link = (struct s3_link){.place = place, .curl = curl_easy_init()};
    return link;
}

void s3_link_free(struct s3_link *link)
{
    if (link != NULL) {
        curl_easy_cleanup(link->curl);
        free(link);
    }
}

struct text s3_between(struct text xml, const char *tag, size_t *from)
{
    char open[80];
    char close[80];
    snprintf(open, sizeof open, "<%s>", tag);
    snprintf(close, sizeof close, "</%s>", tag);
    const size_t start = text_find(xml, open, *from);
    const size_t end = start == SIZE_MAX ? SIZE_MAX : text_find(xml, close, start);
    if (end == SIZE_MAX) {
        return (struct text){0};
    }
    *from = end + strlen(close);
    return text_slice(xml, start + strlen(open), end);
}

/* The character for the text between "&" and ";"; 0: there is none. */
static unsigned long entity_of(struct text name)
{
    static const struct {
        const char *name;
        char is;
    } named[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (text_is(name, named[i].name)) {
            return (unsigned long)named[i].is;
        }
    }
    const bool is_hex = name.size > 1 && (name.data[1] == 'x' || name.data[1] == 'X');
    const struct text digits = text_slice(name, is_hex ? 2 : 1, name.size);
    unsigned long code = 0;
    if (name.size < 2 || name.data[0] != '#' || digits.size == 0 || digits.size > 7) {
        return 0;
    }
    for (size_t i = 0; i < digits.size; i++) {
        const char *const digit = memchr("0123456789abcdefABCDEF", digits.data[i], is_hex ? 22 : 10);
        if (digit == NULL) {
            return 0;
        }
        const char c = *digit;
        code = code * (is_hex ? 16 : 10) + (unsigned long)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : code;
}

const char *s3_unescaped(struct arena *arena, struct text xml)
{
    struct buffer out = {.arena = arena};
    for (size_t at = 0; at < xml.size; at++) {
        const size_t end = xml.data[at] == '&' ? text_find(xml, ";", at) : SIZE_MAX;
        const unsigned long code = end == SIZE_MAX ? 0 : entity_of(text_slice(xml, at + 1, end));
        if (code == 0) {
            buffer_putc(&out, xml.data[at]);
        } else {
            buffer_put_code(&out, (uint32_t)code);
            at = end;
        }
    }
    return buffer_string(&out);
}

/* ---- one try ---- */

struct trying {
    const struct s3_request *request;
    struct status *status;
    struct buffer body; /* of the answer; if it is passed on elsewhere, only an error's */
    size_t sent;
    const char *etag;
    long code;
    CURL *curl;
    bool is_too_large;
    bool is_stopped;
    CURLcode result;
    char error[CURL_ERROR_SIZE];
};

static size_t give(char *out, size_t one, size_t count, void *data)
{
    struct trying *const trying = data;
    const struct text rest = text_slice(trying->request->body, trying->sent, trying->request->body.size);
    const size_t size = rest.size < one * count ? rest.size : one * count;
    if (size > 0) {
        memcpy(out, rest.data, size);
    }
    trying->sent += size;
    return size;
}

/* If a connection that was kept turns out to be closed, libcurl sends the request again from the start. */
static int give_again(void *data, curl_off_t offset, int origin)
{
    struct trying *const trying = data;
    if (origin != SEEK_SET || offset < 0 || (size_t)offset > trying->request->body.size) {
        return CURL_SEEKFUNC_FAIL;
    }
    trying->sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t take(char *data, size_t one, size_t count, void *own)
{
    struct trying *const trying = own;
    const struct text piece = {data, one * count};
    curl_easy_getinfo(trying->curl, CURLINFO_RESPONSE_CODE, &trying->code);
    if (trying->request->take != NULL && trying->code / 100 == 2) {
        trying->is_stopped = !trying->request->take(trying->request->data, piece);
        return trying->is_stopped ? 0 : piece.size;
    }
    if (trying->body.size + piece.size > S3_ANSWER_MOST) {
        trying->is_too_large = true;
        return 0;
    }
    buffer_add(&trying->body, piece);
    return piece.size;
}

static size_t take_header(char *data, size_t one, size_t count, void *own)
{
    struct trying *const trying = own;
    const struct text line = {data, one * count};
    const size_t name = strlen("ETag:");
    if (line.size > name && strncasecmp(data, "ETag:", name) == 0) {
        const struct text value = text_trim(text_slice(line, name, line.size));
        trying->etag = arena_strndup(trying->status->arena, value.data, value.size);
    }
    return line.size;
}

static int go_on(void *data, curl_off_t down, curl_off_t down_now, curl_off_t up, curl_off_t up_now)
{
    struct trying *const trying = data;
    (void)down, (void)down_now, (void)up, (void)up_now;
    if (trying->request->go_on != NULL && !trying->is_stopped) {
        trying->is_stopped = !trying->request->go_on(trying->request->data);
    }
    return trying->is_stopped ? 1 : 0;
}

static struct curl_slist *headers_of(const struct s3_link *link, struct trying *trying, const char *path)
{
    struct arena *const arena = trying->status->arena;
    const struct s3_request *const request = trying->request;
    const struct s3_signing signing = {
        .place = link->place,
        .method = request->method,
        .path = path,
        .query = request->query == NULL ? "" : request->query,
        .sha256 = sha256_hex_of(arena, request->body),
        .now = (int64_t)time(NULL),
    };
    struct curl_slist *list = NULL;
    for (const char *const *header = s3_sign(arena, &signing); *header != NULL; header++) {
        list = curl_slist_append(list, *header);
    }
    list = curl_slist_append(list, arena_printf(arena, "Host: %s", link->place->host));
    list = curl_slist_append(list, "Content-Type:");
    return curl_slist_append(list, "Expect:");
}

static void set_way(CURL *curl, struct trying *trying, const struct s3_place *place)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, SLOWEST);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SLOW_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, trying->error);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "truss");
    if (place->ca_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, place->ca_file);
    }
}

static void set_hands(CURL *curl, struct trying *trying)
{
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, trying);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, trying);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, trying);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl, CURLOPT_READDATA, trying);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, give_again);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, trying);
}

static void set_method(CURL *curl, const struct s3_request *request)
{
    const curl_off_t size = (curl_off_t)request->body.size;
    if (strcmp(request->method, "PUT") == 0) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, size);
    } else if (strcmp(request->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, size);
    } else if (strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

static void try_once(const struct s3_link *link, struct trying *trying)
{
    struct arena *const arena = trying->status->arena;
    const struct s3_request *const request = trying->request;
    CURL *const curl = trying->curl = link->curl;
    struct buffer path = {.arena = arena};
    buffer_puts(&path, link->place->base);
    buffer_put_encoded(&path, text_of(request->key == NULL ? "" : link->place->prefix), "/");
    buffer_put_encoded(&path, text_of(request->key), "/");
    const char *const url =
        arena_printf(arena, "%s%s%s%s", link->place->origin, buffer_string(&path), request->query == NULL ? "" : "?",
                     request->query == NULL ? "" : request->query);
    curl_easy_reset(curl);
    set_way(curl, trying, link->place);
    set_hands(curl, trying);
    set_method(curl, request);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    if (request->size > 0) {
        curl_easy_setopt(
            curl, CURLOPT_RANGE,
            arena_printf(arena, "%lld-%lld", (long long)request->from, (long long)(request->from + request->size - 1)));
    } else if (request->from > 0) {
        curl_easy_setopt(curl, CURLOPT_RANGE, arena_printf(arena, "%lld-", (long long)request->from));
    }
    struct curl_slist *const headers = headers_of(link, trying, buffer_string(&path));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    trying->result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &trying->code);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
}

/* ---- what a failure means ---- */

struct meaning {
    const char *code; /* the store's */
    enum status_code status;
    const char *sentence; /* what to do about it */
};

static const struct meaning meanings[] = {
    {"NoSuchBucket", STATUS_FAILED_PRECONDITION, "The bucket is not there: make it, or check --backups."},
    {"NoSuchKey", STATUS_NOT_FOUND, "The object is not there any more."},
    {"InvalidAccessKeyId", STATUS_PERMISSION_DENIED, "The store does not know this AWS_ACCESS_KEY_ID."},
    {"SignatureDoesNotMatch", STATUS_PERMISSION_DENIED, "Most likely AWS_SECRET_ACCESS_KEY is not the one of the key."},
    {"ExpiredToken", STATUS_PERMISSION_DENIED, "The credentials have expired: start the worker with new ones."},
    {"InvalidToken", STATUS_PERMISSION_DENIED, "AWS_SESSION_TOKEN is not one of this key."},
    {"AccessDenied", STATUS_PERMISSION_DENIED,
     "The credentials need s3:ListBucket, s3:ListBucketMultipartUploads, s3:GetObject, s3:PutObject, s3:DeleteObject "
     "and s3:AbortMultipartUpload there."},
    {"RequestTimeTooSkewed", STATUS_FAILED_PRECONDITION,
     "The clocks of this machine and of the store differ by more than 15 minutes: set this machine's."},
    {"RequestExpired", STATUS_FAILED_PRECONDITION,
     "The clocks of this machine and of the store differ: set this machine's."},
    {"AuthorizationHeaderMalformed", STATUS_FAILED_PRECONDITION, "Most likely the region is another: say &region=."},
    {"PermanentRedirect", STATUS_FAILED_PRECONDITION, "The bucket is in another region: say &region= (and endpoint=)."},
    {"TemporaryRedirect", STATUS_UNAVAILABLE, "The bucket is new, or in another region: say &region=."},
    {"QuotaExceeded", STATUS_FAILED_PRECONDITION, "The store has no more room for this bucket."},
    {"XMinioStorageFull", STATUS_FAILED_PRECONDITION, "The store's disk is full."},
};

static const struct meaning *meaning_of(struct text code)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (text_is(code, meanings[i].code)) {
            return &meanings[i];
        }
    }
    return NULL;
}

/* The meaning of an answer without a body, such as that to HEAD, by its number. */
static enum status_code status_of(long code)
{
    return code == 404                  ? STATUS_NOT_FOUND
           : code == 401 || code == 403 ? STATUS_PERMISSION_DENIED
           : code >= 500 || code == 429 ? STATUS_UNAVAILABLE
                                        : STATUS_FAILED_PRECONDITION;
}

static bool fail_answer(const struct s3_link *link, const struct trying *trying, struct text code)
{
    size_t from = 0;
    struct arena *const arena = trying->status->arena;
    const struct text message = s3_between(buffer_text(&trying->body), "Message", &from);
    const struct meaning *const meaning = meaning_of(code);
    const char *const said = text_clean(arena, arena_strndup(arena, message.data, message.size), 300);
    return status_fail(trying->status, meaning != NULL ? meaning->status : status_of(trying->code),
                       "The store of %s answered %ld%s%.*s%s%s.%s%s", link->place->display, trying->code,
                       code.size > 0 ? " " : "", (int)(code.size < 60 ? code.size : 60), code.size > 0 ? code.data : "",
                       said[0] == '\0' ? "" : ": ",
                       text_ends_with(text_of(said), ".") ? arena_strndup(arena, said, strlen(said) - 1) : said,
                       meaning == NULL ? "" : " ", meaning == NULL ? "" : meaning->sentence);
}

static bool fail_way(const struct s3_link *link, const struct trying *trying)
{
    const bool is_trust =
        trying->result == CURLE_PEER_FAILED_VERIFICATION || trying->result == CURLE_SSL_CACERT_BADFILE;
    const char *const said = trying->error[0] != '\0' ? trying->error : curl_easy_strerror(trying->result);
    return trying->is_stopped ? status_fail(trying->status, STATUS_CANCELLED, "It was ended in the middle of it.")
           : trying->is_too_large
               ? status_fail(trying->status, STATUS_INTERNAL, "The store's answer is longer than any store's.")
           : is_trust ? status_fail(trying->status, STATUS_FAILED_PRECONDITION,
                                    "The store at %s is not trusted: %s. AWS_CA_BUNDLE names a file of certificates.",
                                    link->place->origin, said)
                      : status_fail(trying->status, STATUS_UNAVAILABLE, "The store at %s does not answer: %s.",
                                    link->place->origin, said);
}

/* ---- trying again ---- */

static bool is_worth_another(const struct trying *trying, struct text code)
{
    static const char *const passing[] = {"RequestTimeout",   "InternalError",      "SlowDown",
                                          "OperationAborted", "ServiceUnavailable", "TemporaryRedirect"};
    if (trying->is_stopped || trying->is_too_large) {
        return false;
    }
    if (trying->result != CURLE_OK) {
        return trying->result != CURLE_PEER_FAILED_VERIFICATION && trying->result != CURLE_SSL_CACERT_BADFILE &&
               trying->result != CURLE_URL_MALFORMAT;
    }
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        if (text_is(code, passing[i])) {
            return true;
        }
    }
    return (trying->code >= 500 && trying->code != 501) || trying->code == 429 || trying->code == 408;
}

/* Returns false if there must be no further try. */
static bool pause_before(int number, const struct s3_request *request)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    const int64_t until = deadline_in((uint32_t)(FIRST_PAUSE_MS << number) + (uint32_t)(random() % FIRST_PAUSE_MS));
    bool goes_on = true;
    while (goes_on && !deadline_passed(until)) {
        nanosleep(&step, NULL);
        goes_on = request->go_on == NULL || request->go_on(request->data);
    }
    return goes_on;
}

static void put_answer(const struct trying *trying, struct s3_answer *answer)
{
    curl_off_t size = -1;
    curl_easy_getinfo(trying->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    *answer = (struct s3_answer){
        .body = buffer_text(&trying->body),
        .etag = trying->etag == NULL ? "" : trying->etag,
        .size = (int64_t)size,
    };
}

/* A 200 can contain an error, because the store begins to answer before it knows the result. */
static bool is_good(const struct trying *trying)
{
    return trying->result == CURLE_OK && trying->code / 100 == 2 &&
           text_find(buffer_text(&trying->body), "<Error>", 0) == SIZE_MAX;
}

bool s3_send(struct s3_link *link, const struct s3_request *request, struct s3_answer *answer, struct status *status)
{
    for (int number = 0;; number++) {
        struct trying trying = {.request = request, .status = status, .body = {.arena = status->arena}};
        size_t from = 0;
        try_once(link, &trying);
        if (is_good(&trying)) {
            put_answer(&trying, answer);
            return true;
        }
        const struct text code = s3_between(buffer_text(&trying.body), "Code", &from);
        const bool is_last = request->take != NULL || number + 1 == MOST_TRIES || !is_worth_another(&trying, code);
        if (is_last || !pause_before(number, request)) {
            trying.is_stopped = trying.is_stopped || !is_last;
            return trying.result != CURLE_OK || trying.is_stopped ? fail_way(link, &trying)
                                                                  : fail_answer(link, &trying, code);
        }
    }
}
