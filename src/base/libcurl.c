/*
 * The functions of libcurl that we call, under their own names: the first call loads the library. Few workers use S3,
 * webhooks, a collector, or issuers' keys; linking libcurl and its dozen libraries would cost each start 1.7 ms and
 * each process 0.7 MB (Debian 12).
 *
 * If the library is missing, functions that return a code fail, and functions that return a pointer return NULL.
 */
#include "base/log.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* curl's macros check types, and then call what is defined here. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define LIBRARY   "libcurl.so.4" /* of Debian 12 and 13 */
#define MISSING   "libcurl.so.4 cannot be loaded"
#define TYPE_SIZE 10000 /* range of the numbers of options of one type */

#define FUNCTIONS(X)                                                                                                   \
    X(curl_global_init)                                                                                                \
    X(curl_easy_init)                                                                                                  \
    X(curl_easy_setopt)                                                                                                \
    X(curl_easy_perform)                                                                                               \
    X(curl_easy_getinfo)                                                                                               \
    X(curl_easy_cleanup)                                                                                               \
    X(curl_easy_reset)                                                                                                 \
    X(curl_easy_strerror)                                                                                              \
    X(curl_slist_append)                                                                                               \
    X(curl_slist_free_all)                                                                                             \
    X(curl_url)                                                                                                        \
    X(curl_url_set)                                                                                                    \
    X(curl_url_get)                                                                                                    \
    X(curl_url_cleanup)                                                                                                \
    X(curl_free)

#define MEMBER(name) __typeof__(name) *name;
static struct {
    FUNCTIONS(MEMBER)
} library;

static pthread_once_t opened = PTHREAD_ONCE_INIT;
static bool is_there;

/* According to POSIX, dlsym returns a function as an object pointer. */
static void *found(void *handle, const char *name)
{
    void *const function = dlsym(handle, name);
    is_there = is_there && function != NULL;
    return function;
}

static void open_library(void)
{
    void *const handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    is_there = handle != NULL;
    if (is_there) {
#define FIND(name) *(void **)(void *)&library.name = found(handle, #name);
        FUNCTIONS(FIND)
    }
    if (!is_there) {
        log_error("cannot load libcurl", "library=" LIBRARY " needed_for=\"S3, webhooks, OTLP and OIDC\"");
    }
}

static bool open_once(void)
{
    pthread_once(&opened, open_library);
    return is_there;
}

CURLcode curl_global_init(long flags)
{
    return open_once() ? library.curl_global_init(flags) : CURLE_FAILED_INIT;
}

CURL *curl_easy_init(void)
{
    return open_once() ? library.curl_easy_init() : NULL;
}

/* The option's number determines the type of the argument. */
CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
    va_list values;
    CURLcode code;
    if (!open_once()) {
        return CURLE_FAILED_INIT;
    }
    va_start(values, option);
    switch ((long)option / TYPE_SIZE * TYPE_SIZE) {
    case CURLOPTTYPE_LONG:
        code = library.curl_easy_setopt(curl, option, va_arg(values, long));
        break;
    case CURLOPTTYPE_OFF_T:
        code = library.curl_easy_setopt(curl, option, va_arg(values, curl_off_t));
        break;
    default:
        code = library.curl_easy_setopt(curl, option, va_arg(values, void *));
        break;
    }
    va_end(values);
    return code;
}

CURLcode curl_easy_getinfo(CURL *curl, CURLINFO info, ...)
{
    va_list values;
    if (!open_once()) {
        return CURLE_FAILED_INIT;
    }
    va_start(values, info);
    const CURLcode code = library.curl_easy_getinfo(curl, info, va_arg(values, void *));
    va_end(values);
    return code;
}

CURLcode curl_easy_perform(CURL *curl)
{
    return open_once() ? library.curl_easy_perform(curl) : CURLE_FAILED_INIT;
}

void curl_easy_cleanup(CURL *curl)
{
    if (open_once()) {
        library.curl_easy_cleanup(curl);
    }
}

void curl_easy_reset(CURL *curl)
{
    if (open_once()) {
        library.curl_easy_reset(curl);
    }
}

const char *curl_easy_strerror(CURLcode code)
{
    return open_once() ? library.curl_easy_strerror(code) : MISSING;
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *text)
{
    return open_once() ? library.curl_slist_append(list, text) : NULL;
}

void curl_slist_free_all(struct curl_slist *list)
{
    if (list != NULL) {
        library.curl_slist_free_all(list);
    }
}

CURLU *curl_url(void)
{
    return open_once() ? library.curl_url() : NULL;
}

CURLUcode curl_url_set(CURLU *url, CURLUPart part, const char *content, unsigned flags)
{
    return open_once() ? library.curl_url_set(url, part, content, flags) : CURLUE_OUT_OF_MEMORY;
}

#if LIBCURL_VERSION_NUM >= 0x080000
#define CONST_URL const
#else
#define CONST_URL
#endif

CURLUcode curl_url_get(CONST_URL CURLU *url, CURLUPart part, char **content, unsigned flags)
{
    return open_once() ? library.curl_url_get(url, part, content, flags) : CURLUE_OUT_OF_MEMORY;
}

void curl_url_cleanup(CURLU *url)
{
    if (url != NULL) {
        library.curl_url_cleanup(url);
    }
}

void curl_free(void *memory)
{
    if (memory != NULL) {
        library.curl_free(memory);
    }
}
