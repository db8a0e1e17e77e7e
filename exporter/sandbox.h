/*
 * Gives up what the exporter never needs, so that a fault in a parser gains an intruder
 * little: system calls by seccomp, files by Landlock. For good, and for every thread that
 * starts afterwards.
 */
#ifndef EXPORTER_SANDBOX_H
#define EXPORTER_SANDBOX_H

#include <stddef.h>

enum { SANDBOX_PATHS_MAX = 512 };

/* Folders that may be read, beside those of the system, and where sockets may be made. */
struct sandbox_paths {
	char *read[SANDBOX_PATHS_MAX];
	size_t read_count;
	char *sockets[SANDBOX_PATHS_MAX];
	size_t socket_count;
	int err; /* 0, or ENOMEM or E2BIG */
};

/* Allows the folder that holds @file, and the one of the file it is a link to. */
void sandbox_allow(struct sandbox_paths *p, const char *file);

/* Allows a socket named @path to be made and removed. */
void sandbox_allow_socket(struct sandbox_paths *p, const char *path);

/* Frees what was allowed; @p is empty and usable again. */
void sandbox_paths_clear(struct sandbox_paths *p);

enum sandbox_part {
	SANDBOX_PRIVILEGES, /* no new ones */
	SANDBOX_FILES,
	SANDBOX_CALLS,
	SANDBOX_PARTS
};

/* Parts of the sandbox that are in force. */
struct sandbox_state {
	int landlock; /* its ABI; 0: none */
	int seccomp;  /* 1: on, 0: none */
	/* Of a part that was refused, as by the filter of an old container runtime; 0. */
	int refused[SANDBOX_PARTS];
};

/*
 * Enters it, before other threads start. What the kernel has not is left out, and told;
 * so is what is refused.
 *
 * Returns 0; the error of @p; errno of what should not fail.
 */
int sandbox_enter(struct sandbox_state *state, const struct sandbox_paths *p);

#endif
