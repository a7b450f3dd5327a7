/*
 * Nothing depends on the client or the database. The content security policy allows only what these files need: no
 * inline script, no other origin, no frame around it, and no text that becomes markup (Trusted Types, of which there
 * are none).
 */
#include "bridge/panel.h"

#include "base/paths.h"
#include "bridge/panel_files.h"

#include <string.h>

#define POLICY                                                                                                         \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "   \
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

static const char index_path[] = "/panel/index.html";

static bool wants_html(const struct http_request *request)
{
    const char *const accept = http_header(request, "Accept");
    return accept != NULL && strstr(accept, "text/html") != NULL;
}

/* "/", "/runs" and "/runs/42": the page's own script tells them apart. */
static bool is_page(const char *path)
{
    if (strcmp(path, "/") == 0) {
        return true;
    }
    for (size_t i = 1; i < sizeof panel_pages / sizeof panel_pages[0]; i++) {
        if (path_is_within(panel_pages[i], path)) {
            return true;
        }
    }
    return false;
}

static const struct panel_file *find_file(const char *path)
{
    for (size_t i = 0; i < sizeof panel_files / sizeof panel_files[0]; i++) {
        if (strcmp(panel_files[i].path, path) == 0) {
            return &panel_files[i];
        }
    }
    return NULL;
}

static void answer_file(struct http_request *request, const struct panel_file *file)
{
    const struct http_extra_header headers[] = {
        {"Content-Security-Policy", POLICY},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cache-Control", "no-cache"}, /* a new version has the same names; clients revalidate */
        {"ETag", file->etag},
        {"Vary", "Accept"},
        {NULL, NULL},
    };
    const char *const known = http_header(request, "If-None-Match");
    const bool is_known = known != NULL && strcmp(known, file->etag) == 0;
    const struct text body = {(const char *)file->data, is_known ? 0 : file->size};
    http_answer(request, is_known ? 304 : 200, file->type, body, headers);
}

bool panel_answer(struct http_request *request, const char *path)
{
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        return false;
    }
    const struct panel_file *const file = find_file(is_page(path) && wants_html(request) ? index_path : path);
    if (file != NULL) {
        answer_file(request, file);
    }
    return file != NULL;
}
