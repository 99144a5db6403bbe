/* Words in systemd's unit files and in crontabs, so that they come out as they went in. */
#ifndef DAEMON_UNIT_TEXT_H
#define DAEMON_UNIT_TEXT_H

#include <stdbool.h>

#include "base/buffer.h"

/* Appends WORD, quoted, as one argument of ExecStart= (systemd.service(5), "Command lines"), or as one word of settings
 * that take several: neither quotes, nor specifiers (%), nor, in ExecStart=, variables ($) come to life. */
void unit_add_argument(struct buffer *out, const char *word);
void unit_add_word(struct buffer *out, const char *word);
/* Appends TEXT for a Description=, whatever is in it: on one line, without specifiers. */
void unit_add_description(struct buffer *out, const char *text);

/* Appends WORD as one word of a crontab's command: quoted for sh, and with % escaped, which would be a newline. False
 * when it cannot stand there: a crontab's line ends at a newline, quoted or not. */
bool cron_add_word(struct buffer *out, const char *word);

#endif
