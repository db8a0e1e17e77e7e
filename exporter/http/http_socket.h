/* Sockets that listen, made here so that an error names the address it is about. */
#ifndef EXPORTER_HTTP_HTTP_SOCKET_H
#define EXPORTER_HTTP_HTTP_SOCKET_H

#include <stddef.h>

/* Room for "[address%zone]:port" and "unix:/path". */
#define HTTP_SOCKET_NAME 128

/*
 * @address:  ":10060" (all addresses, IPv4 and IPv6), "127.0.0.1:9", "[::1]:0", "host:9",
 *            or a Unix socket as in http_unix.h
 * @err_text: on failure, "ADDRESS: what is wrong"
 *
 * Returns 0 or errno.
 */
int http_socket_open(int *fdp, const char *address, char *err_text, size_t err_size);

/* The address as bound, "127.0.0.1:10060". Returns 0 or errno. */
int http_socket_name(int fd, char name[HTTP_SOCKET_NAME]);

#endif
