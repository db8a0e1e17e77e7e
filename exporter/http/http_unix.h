/* Unix sockets that listen. */
#ifndef EXPORTER_HTTP_HTTP_UNIX_H
#define EXPORTER_HTTP_HTTP_UNIX_H

#include <stdbool.h>
#include <stddef.h>

/* Whether an address is one of them: "unix:/path", with ",mode=0660" or without. */
bool http_unix_is(const char *address);

/*
 * Binds and listens. What an exporter that died left behind is removed; a socket that
 * someone still serves, or any other file, is not. The mode is 0660 unless given.
 *
 * @err_text: on failure, "ADDRESS: what is wrong"
 *
 * Returns 0 or errno.
 */
int http_unix_open(int *fdp, const char *address, char *err_text, size_t err_size);

/* Removes the socket's name, "unix:/path" as http_socket_name() gives it. */
void http_unix_remove(const char *name);

#endif
