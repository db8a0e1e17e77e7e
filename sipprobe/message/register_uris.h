/* The URIs of a REGISTER, as the configuration gives them or leaves them to us. */
#ifndef SIPPROBE_MESSAGE_REGISTER_URIS_H
#define SIPPROBE_MESSAGE_REGISTER_URIS_H

#include "sipprobe/message/request.h"

/* Outputs have REQUEST_URI_SIZE bytes. All return 0 or errno. */

/* The registrar (10.2): neither user nor parameters, unless that is configured. */
int register_registrar(char *out, const struct request_info *info);

/* The address of record, and its user. */
int register_aor(char *out, char *user, const struct request_info *info);

#endif
