/* The URI of who is called. */
#ifndef SIPPROBE_MESSAGE_CALL_URI_H
#define SIPPROBE_MESSAGE_CALL_URI_H

#include <stddef.h>

/*
 * Writes the URI of a number at the host of a trunk's URI, with that one's port: "#" of a
 * number is escaped, as no URI has it (RFC 3261 25.1).
 *
 * @trunk_uri: a valid one
 *
 * Returns 0, EINVAL or ENOBUFS.
 */
int call_uri_print(char *out, size_t size, const char *trunk_uri, const char *number);

#endif
