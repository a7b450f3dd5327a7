/*
 * The panel's files, which are part of the program.
 */
#ifndef BRIDGE_PANEL_H
#define BRIDGE_PANEL_H

#include "bridge/http.h"

/* Answers a GET or HEAD of one of the panel's pages (the same HTML for all), or of one of its files. False where the
 * path is none of them, and for a page where who asks does not want HTML: at "/" the list of routes is there, too. */
bool panel_answer(struct http_request *request, const char *path);

#endif
