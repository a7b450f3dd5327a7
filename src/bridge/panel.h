/*
 * The panel's files, which are compiled into the program.
 */
#ifndef BRIDGE_PANEL_H
#define BRIDGE_PANEL_H

#include "bridge/http.h"

/* Answers a GET or HEAD for one of the panel's pages (which share the same HTML) or files. Returns false if the path is
 * neither, and for a page if the client does not accept HTML: "/" also serves the list of routes. */
bool panel_answer(struct http_request *request, const char *path);

#endif
