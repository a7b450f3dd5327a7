/*
 * A head is parsed when it is complete; until then only its size is checked.
 */
#include "bridge/head.h"

#include <string.h>
#include <strings.h>

static bool refuse(struct http_problem *problem, unsigned status, const char *message)
{
    *problem = (struct http_problem){status, message};
    return false;
}

static bool bad(struct http_problem *problem, const char *message)
{
    return refuse(problem, 400, message);
}

/* ---- where it ends ---- */

/* Empty lines that some clients send after a body. */
static size_t leading_lines(struct text bytes)
{
    size_t i = 0;
    while (i + 1 < bytes.size && i < 8 && bytes.data[i] == '\r' && bytes.data[i + 1] == '\n') {
        i += 2;
    }
    return i;
}

size_t http_head_size(struct text bytes, struct http_problem *problem)
{
    const size_t begin = leading_lines(bytes);
    const char *const line_end = memchr(bytes.data + begin, '\n', bytes.size - begin);
    const size_t line = line_end == NULL ? bytes.size - begin : (size_t)(line_end - bytes.data) - begin;
    if (line > HEAD_LINE_LIMIT) {
        refuse(problem, 414, "The request line is too long.");
        return SIZE_MAX;
    }
    if (line_end != NULL && (line == 0 || line_end[-1] != '\r')) {
        bad(problem, "The request line does not end with CR LF.");
        return SIZE_MAX;
    }
    const size_t end = text_find(text_slice(bytes, begin, bytes.size), "\r\n\r\n", 0);
    if (end != SIZE_MAX && end + 4 <= HEAD_LIMIT) {
        return begin + end + 4;
    }
    if (bytes.size - begin >= HEAD_LIMIT) {
        refuse(problem, 431, "The headers are too large.");
        return SIZE_MAX;
    }
    return 0;
}

/* ---- its parts ---- */

/* A line without its end; false for a single CR or LF. */
static bool take_line(struct text *rest, struct text *line)
{
    const size_t end = text_find(*rest, "\r\n", 0);
    if (end == SIZE_MAX) {
        return false;
    }
    *line = text_slice(*rest, 0, end);
    *rest = text_slice(*rest, end + 2, rest->size);
    return memchr(line->data, '\r', line->size) == NULL && memchr(line->data, '\n', line->size) == NULL;
}

/* RFC 9110's tchar. */
static bool is_token(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];
        const bool is_alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alnum && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
            return false;
        }
    }
    return text.size > 0;
}

/* ASCII without blanks and control characters. */
static bool is_visible(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        const unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c >= 0x7F) {
            return false;
        }
    }
    return text.size > 0;
}

/* Blanks, visible characters, and bytes above 127. */
static bool is_field_value(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        const unsigned char c = (unsigned char)text.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

static struct text trim_blanks(struct text text)
{
    size_t begin = 0;
    size_t end = text.size;
    while (begin < end && (text.data[begin] == ' ' || text.data[begin] == '\t')) {
        begin++;
    }
    while (end > begin && (text.data[end - 1] == ' ' || text.data[end - 1] == '\t')) {
        end--;
    }
    return text_slice(text, begin, end);
}

static const char *copy(struct arena *arena, struct text text)
{
    return arena_strndup(arena, text.data, text.size);
}

/* ---- the request line ---- */

static bool read_version(struct text version, struct http_head *head, struct http_problem *problem)
{
    if (version.size != 8 || !text_starts_with(version, "HTTP/") || version.data[6] != '.') {
        return bad(problem, "The request line is not METHOD TARGET HTTP/1.1.");
    }
    if (version.data[5] != '1' || version.data[7] < '0' || version.data[7] > '9') {
        return refuse(problem, 505, "The HTTP version is not 1.1 or 1.0.");
    }
    head->is_1_0 = version.data[7] == '0';
    return true;
}

static bool has_many_parameters(struct text query)
{
    size_t count = 0;
    for (size_t i = 0; i < query.size; i++) {
        count += query.data[i] == '&' ? 1 : 0;
    }
    return count >= HEAD_PARAMETERS;
}

/* "/path?query", "http://host/path?query" or "*". */
static bool read_target(struct arena *arena, struct text target, struct http_head *head, struct http_problem *problem)
{
    if (!is_visible(target) || memchr(target.data, '#', target.size) != NULL) {
        return bad(
            problem,
            "The request's target has a blank, a fragment, a control character or another byte that must be escaped.");
    }
    if (target.size > 7 && strncasecmp(target.data, "http://", 7) == 0) {
        size_t end = 7;
        while (end < target.size && target.data[end] != '/' && target.data[end] != '?') {
            end++;
        }
        head->host = copy(arena, text_slice(target, 7, end));
        target = text_slice(target, end, target.size);
    } else if (target.data[0] != '/' && !text_is(target, "*")) {
        return bad(problem, "The request's target is not a path.");
    }
    const size_t question = text_find(target, "?", 0);
    const struct text path = text_slice(target, 0, question);
    head->path = path.size == 0 ? "/" : copy(arena, path);
    if (question != SIZE_MAX) {
        const struct text query = text_slice(target, question + 1, target.size);
        head->query = copy(arena, query);
        return !has_many_parameters(query) || refuse(problem, 414, "The query has too many parameters.");
    }
    return true;
}

static bool read_request_line(struct arena *arena, struct text line, struct http_head *head,
                              struct http_problem *problem)
{
    const size_t first = text_find(line, " ", 0);
    const size_t second = first == SIZE_MAX ? SIZE_MAX : text_find(line, " ", first + 1);
    if (second == SIZE_MAX || !is_token(text_slice(line, 0, first)) || second == first + 1) {
        return bad(problem, "The request line is not METHOD TARGET HTTP/1.1.");
    }
    head->method = copy(arena, text_slice(line, 0, first));
    return read_version(text_slice(line, second + 1, line.size), head, problem) &&
           read_target(arena, text_slice(line, first + 1, second), head, problem);
}

/* ---- headers ---- */

static bool read_header(struct arena *arena, struct text line, struct http_head *head, struct http_problem *problem)
{
    if (line.data[0] == ' ' || line.data[0] == '\t') {
        return bad(problem, "A header is continued on the next line, which HTTP/1.1 has given up.");
    }
    const size_t colon = text_find(line, ":", 0);
    if (colon == SIZE_MAX || !is_token(text_slice(line, 0, colon))) {
        return bad(problem, "A header's name is empty, has a blank before its colon, or is not a name.");
    }
    const struct text value = trim_blanks(text_slice(line, colon + 1, line.size));
    if (!is_field_value(value)) {
        return bad(problem, "A header's value has a control character.");
    }
    if (head->header_count == HEAD_HEADERS) {
        return refuse(problem, 431, "There are too many headers.");
    }
    head->headers[head->header_count++] =
        (struct http_header){copy(arena, text_slice(line, 0, colon)), copy(arena, value)};
    return true;
}

const char *http_head_find(const struct http_head *head, const char *name)
{
    for (size_t i = 0; i < head->header_count; i++) {
        if (strcasecmp(head->headers[i].name, name) == 0) {
            return head->headers[i].value;
        }
    }
    return NULL;
}

struct text http_head_list(struct arena *arena, const struct http_head *head, const char *name)
{
    struct buffer values = {.arena = arena};
    for (size_t i = 0; i < head->header_count; i++) {
        if (strcasecmp(head->headers[i].name, name) == 0) {
            buffer_puts(&values, values.size == 0 ? "" : ", ");
            buffer_puts(&values, head->headers[i].value);
        }
    }
    return buffer_text(&values);
}

static size_t count_of(const struct http_head *head, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        count += strcasecmp(head->headers[i].name, name) == 0 ? 1 : 0;
    }
    return count;
}

/* ---- their meaning ---- */

/* A name, address or brackets, and a port: no blank, list, path or user. */
static bool is_authority(const char *host)
{
    return host[0] != '\0' && strcspn(host, " \t,/?#@\\\"<>{}|^`") == strlen(host);
}

static bool read_host(struct http_head *head, struct http_problem *problem)
{
    const size_t hosts = count_of(head, "Host");
    const char *const host = http_head_find(head, "Host");
    if (hosts > 1) {
        return bad(problem, "The request has more than one Host header.");
    }
    if (hosts == 0 && !head->is_1_0) {
        return bad(problem, "The request has no Host header.");
    }
    head->host = head->host == NULL ? host : head->host;
    return (head->host == NULL || is_authority(head->host)) && (host == NULL || host[0] == '\0' || is_authority(host))
               ? true
               : bad(problem, "The Host is none.");
}

static bool read_length(const char *value, struct http_head *head, struct http_problem *problem)
{
    const size_t size = strlen(value);
    if (size == 0 || strspn(value, "0123456789") != size) {
        return bad(problem, "The Content-Length is not a number.");
    }
    if (size > 15) {
        return refuse(problem, 413, "The body is larger than 8 MiB.");
    }
    for (const char *c = value; *c != '\0'; c++) {
        head->length = head->length * 10 + (uint64_t)(*c - '0');
    }
    return true;
}

/* Exactly one indication of the body's length. */
static bool read_framing(struct http_head *head, struct http_problem *problem)
{
    const size_t lengths = count_of(head, "Content-Length");
    const size_t encodings = count_of(head, "Transfer-Encoding");
    if (lengths + encodings > 1) {
        return bad(problem, "The request says in two ways how long its body is.");
    }
    if (encodings > 0 && head->is_1_0) {
        return bad(problem, "HTTP/1.0 has no Transfer-Encoding.");
    }
    if (encodings > 0 && strcasecmp(http_head_find(head, "Transfer-Encoding"), "chunked") != 0) {
        return refuse(problem, 501, "The request's Transfer-Encoding is not chunked.");
    }
    head->is_chunked = encodings > 0;
    return lengths == 0 || read_length(http_head_find(head, "Content-Length"), head, problem);
}

/* Does a header's list contain the word? */
static bool has_word(const struct http_head *head, const char *name, const char *word)
{
    for (size_t i = 0; i < head->header_count; i++) {
        struct text rest = text_of(strcasecmp(head->headers[i].name, name) == 0 ? head->headers[i].value : "");
        while (rest.size > 0) {
            const size_t comma = text_find(rest, ",", 0);
            if (text_is_nocase(trim_blanks(text_slice(rest, 0, comma)), word)) {
                return true;
            }
            rest = comma == SIZE_MAX ? (struct text){0} : text_slice(rest, comma + 1, rest.size);
        }
    }
    return false;
}

/* With two logins or origins, a proxy in front of us may have used the other one. */
static bool says_once(const struct http_head *head, struct http_problem *problem)
{
    static const char *const once[] = {"Authorization",  "apikey",       "x-api-key",      "Origin",
                                       "Sec-Fetch-Site", "Content-Type", "Idempotency-Key"};
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
        if (count_of(head, once[i]) > 1) {
            return bad(problem, "The request has a header twice that can be there only once.");
        }
    }
    return true;
}

static bool read_meaning(struct http_head *head, struct http_problem *problem)
{
    const char *const expectation = http_head_find(head, "Expect");
    if (!read_host(head, problem) || !read_framing(head, problem) || !says_once(head, problem)) {
        return false;
    }
    if (expectation != NULL && strcasecmp(expectation, "100-continue") != 0) {
        return refuse(problem, 417, "Only 100-continue may be expected.");
    }
    head->expects_continue = expectation != NULL && !head->is_1_0;
    head->keeps_alive =
        !has_word(head, "Connection", "close") && (!head->is_1_0 || has_word(head, "Connection", "keep-alive"));
    return true;
}

bool http_head_read(struct arena *arena, struct text bytes, struct http_head *head, struct http_problem *problem)
{
    struct text rest = text_slice(bytes, leading_lines(bytes), bytes.size);
    struct text line;
    *head = (struct http_head){0};
    if (!take_line(&rest, &line)) {
        return bad(problem, "A line of the request does not end with CR LF.");
    }
    if (!read_request_line(arena, line, head, problem)) {
        return false;
    }
    while (take_line(&rest, &line) && line.size > 0) {
        if (!read_header(arena, line, head, problem)) {
            return false;
        }
    }
    return line.size > 0 ? bad(problem, "A line of the request does not end with CR LF.") : read_meaning(head, problem);
}

/* ---- for a parser that is stricter than the standard ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Turns "name: value  " into "name:   value". */
static void move_blanks(char *line, size_t size)
{
    size_t end = size;
    while (end > 0 && is_blank(line[end - 1])) {
        end--;
    }
    const char *const colon = memchr(line, ':', end);
    const size_t blanks = size - end;
    if (colon != NULL && blanks > 0) {
        char *const value = line + (colon - line) + 1;
        memmove(value + blanks, value, end - (size_t)(value - line));
        memset(value, ' ', blanks);
    }
}

static bool is_session(struct text cookie)
{
    return text_starts_with(cookie, SESSION_COOKIE "=") || text_starts_with(cookie, SESSION_TLS_COOKIE "=");
}

static void keep_session(char *line, size_t size)
{
    static const char name[] = "cookie:";
    if (!text_is_nocase((struct text){line, size < strlen(name) ? size : strlen(name)}, name)) {
        return;
    }
    const char *const end = line + size;
    char *to = line + strlen(name);
    for (const char *from = to; from < end;) {
        const char *const semicolon = memchr(from, ';', (size_t)(end - from));
        const char *const stop = semicolon == NULL ? end : semicolon;
        const struct text cookie = trim_blanks((struct text){from, (size_t)(stop - from)});
        if (is_session(cookie)) {
            memmove(to, cookie.data, cookie.size);
            to += cookie.size;
            if (semicolon != NULL) {
                *to++ = ';';
            }
        }
        from = stop + 1;
    }
    memset(to, ' ', (size_t)(end - to));
}

static void each_line(char *bytes, size_t size, void (*act)(char *line, size_t size))
{
    size_t begin = 0;
    for (size_t i = 0; i + 1 < size; i++) {
        if (bytes[i] == '\r' && bytes[i + 1] == '\n') {
            act(bytes + begin, i - begin);
            begin = i + 2;
        }
    }
}

void http_head_keep_session(char *bytes, size_t size)
{
    each_line(bytes, size, keep_session);
}

void http_head_move_blanks(char *bytes, size_t size)
{
    each_line(bytes, size, move_blanks);
}
