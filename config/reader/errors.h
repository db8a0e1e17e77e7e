/* Errors of configuration files, and warnings about them, as they are shown. */
#ifndef CONFIG_READER_ERRORS_H
#define CONFIG_READER_ERRORS_H

#include <stddef.h>
#include <stdio.h>

/* One thing wrong with a file. Prints as `path:line:col: json.path: message`. */
struct config_error {
	char *path;
	unsigned line; /* 1-based; 0: the file as a whole */
	unsigned col;  /* 1-based, in bytes */
	char *json_path;
	char *message;
};

struct config_errors {
	struct config_error *list;
	size_t count;
	size_t dropped; /* found past CONFIG_ERRORS_MAX, counted but not kept */
	/* Absolute names of files that a load which failed has read or looked for. */
	char **wanted;
	size_t wanted_count;
};

#define CONFIG_ERRORS_MAX 100

/* Frees the errors; @errs is zeroed and may be used again. */
void config_errors_clear(struct config_errors *errs);

/* An error a line, `PATH:LINE:COL: json.path: message`. */
void config_errors_print(const struct config_errors *errs, FILE *out);

/* The same to the log as errors. @message: of each line, as in "configuration error" */
void config_errors_log(const struct config_errors *errs, const char *message);

/*
 * Warnings are a list of the same kind: what is allowed and will yet surprise. They are
 * told as `PATH:LINE:COL: json.path: warning: message`, in the log as warnings.
 */
void config_warnings_print(const struct config_errors *warnings, FILE *out);
void config_warnings_log(const struct config_errors *warnings, const char *message);

#endif
