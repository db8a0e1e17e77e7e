/* The system calls that the exporter makes. */
#ifndef EXPORTER_SANDBOX_CALLS_H
#define EXPORTER_SANDBOX_CALLS_H

#include <stdbool.h>

/* Whether a system call of this name is allowed, on machines that have it. */
bool sandbox_calls_has(const char *name);

/*
 * Allows those and no others: some kill the process, since none but an intruder makes
 * them, the rest fail with EPERM.
 *
 * Returns 0; ENOTSUP for a kernel without seccomp, and under a sanitizer, which needs
 * more; the errno of whoever refuses it.
 */
int sandbox_calls(void);

#endif
