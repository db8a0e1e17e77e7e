/* Where the log's lines go: standard error, which never makes anybody wait. Any thread.
 */
#ifndef BASE_LOG_OUT_H
#define BASE_LOG_OUT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Looks at what standard error is now. A terminal is opened once more, as poll() may find
 * room in it for less than a line; done while files may still be opened.
 */
void log_out_open(void);

/*
 * Returns false where there is no room now, and nothing of the line is written then. Of a
 * line that was begun the rest comes before the next one. A log that cannot be written at
 * all, on a full disk for one, has nowhere to say so: true.
 */
bool log_out_line(const char *line, size_t len);

#endif
