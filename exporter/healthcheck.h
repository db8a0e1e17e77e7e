/* Asks an exporter for its health over HTTP, without a shell or curl in the image. */
#ifndef EXPORTER_HEALTHCHECK_H
#define EXPORTER_HEALTHCHECK_H

#include <stddef.h>

/*
 * GETs @url ("http://HOST:PORT/PATH"), or without one /-/healthy on @listen, as
 * --web.listen-address has it; "every address" is asked for on loopback. Waits up to
 * three seconds for the server.
 *
 * Returns 0 when the answer is 200; EINVAL for a wrong @url; EPROTO for another answer;
 * or the socket's errno. @err_text says which, and where.
 */
int healthcheck(const char *url, const char *listen, char *err_text, size_t err_size);

#endif
