/*
 * The panel's files, which are part of the program.
 */
#ifndef BRIDGE_PANEL_H
#define BRIDGE_PANEL_H

#include "bridge/http.h"

/* Answers a GET or HEAD of the panel's page, or of one of its files. False where the path is none of them, and for "/"
 * where who asks does not want HTML: the list of routes is there, too. */
bool panel_answer(struct http_request *request, const char *path);

#endif
