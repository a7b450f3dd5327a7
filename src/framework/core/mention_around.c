/*
 * Looks back from the word; how far is limited, because a program may be one long line with very many such words.
 */
#include "framework/core/mention_around.h"

#include "base/words.h"
#include "framework/core/receiver.h"

#include <stdint.h>
#include <string.h>

#define LINE_LIMIT    4000  /* bytes of a line, or of a command */
#define COMMAND_LIMIT 400   /* bytes of a list in which a flag's command is */
#define CALL_LIMIT    16384 /* bytes of a call */

/* Does the line contain this word before the offset? */
static bool is_of_line(struct text content, size_t at, const char *word)
{
    size_t start = at;
    while (start > 0 && at - start < LINE_LIMIT && content.data[start - 1] != '\n') {
        start--;
    }
    return text_find(text_slice(content, start, at), word, 0) != SIZE_MAX;
}

/* Does the text end with one of these words, which are separated by "|"? */
static bool ends_with_one_of(struct text text, const char *words)
{
    bool does = false;
    for (struct text word; !does && word_next(&words, &word);) {
        does = text.size >= word.size && memcmp(text.data + text.size - word.size, word.data, word.size) == 0;
    }
    return does;
}

/* Is this offset between the parentheses of one of these calls? Looks at each parenthesis that is open there. */
static bool is_within(struct text content, size_t at, const char *calls)
{
    bool is = false;
    int closed = 0;
    for (size_t i = at; !is && i > 0 && at - i < CALL_LIMIT; i--) {
        const bool opens = content.data[i - 1] == '(';
        is = opens && closed == 0 && ends_with_one_of(text_slice(content, 0, i), calls);
        closed += content.data[i - 1] == ')' ? 1 : opens && closed > 0 ? -1 : 0;
    }
    return is;
}

/* The last command of a line: after "&&", ";" or the key of a script in package.json. */
static struct text last_command(struct text line)
{
    static const char *const ends[] = {"&&", "||", ";", "\":", NULL};
    for (size_t i = 0; ends[i] != NULL; i++) {
        for (size_t at; (at = text_find(line, ends[i], 0)) != SIZE_MAX;) {
            line = text_slice(line, at + strlen(ends[i]), line.size);
        }
    }
    return line;
}

/* Does the command of a flag contain one of these words before it? The lines of a YAML list form one command. */
static bool is_of_command(const struct mention *mention, struct text content, size_t at, bool is_list)
{
    size_t start = at;
    while (start > 0 && at - start < LINE_LIMIT &&
           (content.data[start - 1] != '\n' ||
            (start > 1 && (content.data[start - 2] == '\\' || (is_list && at - start < COMMAND_LIMIT))))) {
        start--;
    }
    return mention->beside == NULL || text_has_one_of(last_command(text_slice(content, start, at)), mention->beside);
}

bool mention_is_of_others(const struct mention *mention, struct text content, const struct mentioned *mentioned,
                          bool is_list)
{
    const size_t at = mentioned->at;
    return (mention->not_of != NULL && is_of_line(content, at, mention->not_of)) ||
           (mention->on != NULL && receiver_is_other(content, at, mention->on)) ||
           (mention->within != NULL && !is_within(content, at, mention->within)) ||
           (mentioned->word[0] == '-' && !is_of_command(mention, content, at, is_list));
}
