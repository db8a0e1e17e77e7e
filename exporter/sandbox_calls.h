/* The system calls that the exporter makes. */
#ifndef EXPORTER_SANDBOX_CALLS_H
#define EXPORTER_SANDBOX_CALLS_H

/*
 * Allows those and no others: some kill the process, since none but an intruder makes
 * them, the rest fail with EPERM.
 *
 * Returns 0; ENOTSUP for a kernel without seccomp, and under a sanitizer, which needs
 * more; the errno of whoever refuses it.
 */
int sandbox_calls(void);

#endif
