/* The Authorization field of HTTP's Basic scheme (RFC 7617). */
#ifndef EXPORTER_WEBCONFIG_WEB_CREDENTIALS_H
#define EXPORTER_WEBCONFIG_WEB_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

/* Longer ones are wrong: bcrypt looks at 72 bytes, and a name has at most 255. */
enum { WEB_NAME_BYTES = 256, WEB_PASSWORD_BYTES = 256 };

struct web_credentials {
	char name[WEB_NAME_BYTES];
	size_t name_len;
	char password[WEB_PASSWORD_BYTES];
	size_t password_len;
};

/*
 * Reads "Basic BASE64"; the scheme's case does not matter, padding may be missing.
 *
 * @field: or NULL
 *
 * Returns whether it holds a name and a password, both without NUL.
 */
bool web_credentials_parse(struct web_credentials *out, const char *field);

#endif
