/* Bodies of several parts (RFC 2046 5.1), as SIP-I has them: SDP beside ISUP. */
#ifndef SIPPROBE_MESSAGE_MULTIPART_H
#define SIPPROBE_MESSAGE_MULTIPART_H

#include "sipprobe/loop/compat.h"

/* Whether a Content-Type's value is @type, whatever its parameters. */
bool multipart_is_type(const struct pl *value, const char *type);

/*
 * The first part of @type, without its fields, in a body whose Content-Type has the value
 * @content; parts within parts are not looked into. Linear in what it reads; it copies
 * nothing. A last part that nothing closes ends with the body.
 *
 * Returns it, within @body; l is 0 where there is none, and where it is empty.
 */
struct pl multipart_part(const struct pl *content, const struct pl *body,
			 const char *type);

#endif
