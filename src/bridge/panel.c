/*
 * Nothing of it depends on who asks or on the database. The policy allows what these files need and nothing else: no
 * inline script, no other origin, no frame around it.
 */
#include "bridge/panel.h"

#include "bridge/panel_files.h"

#include <string.h>

static const struct {
    const char *path;
    const char *type;
    const unsigned char *data;
    const size_t *size;
} files[] = {
    {"/", "text/html; charset=utf-8", panel_index_html, &panel_index_html_size},
    {"/panel/panel.css", "text/css; charset=utf-8", panel_panel_css, &panel_panel_css_size},
    {"/panel/panel.js", "text/javascript; charset=utf-8", panel_panel_js, &panel_panel_js_size},
    {"/panel/login.js", "text/javascript; charset=utf-8", panel_login_js, &panel_login_js_size},
    {"/panel/sql.js", "text/javascript; charset=utf-8", panel_sql_js, &panel_sql_js_size},
    {"/panel/icon.svg", "image/svg+xml", panel_icon_svg, &panel_icon_svg_size},
};

static const struct http_extra_header headers[] = {
    {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
                                "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cache-Control", "no-cache"}, /* a new version has the same names */
    {NULL, NULL},
};

static bool wants_html(const struct http_request *request)
{
    const char *const accept = http_header(request, "Accept");
    return accept != NULL && strstr(accept, "text/html") != NULL;
}

bool panel_answer(struct http_request *request, const char *path)
{
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strcmp(files[i].path, path) == 0 && (i > 0 || wants_html(request))) {
            http_answer(request, 200, files[i].type, (struct text){(const char *)files[i].data, *files[i].size},
                        headers);
            return true;
        }
    }
    return false;
}
