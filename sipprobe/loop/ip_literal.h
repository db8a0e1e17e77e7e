/* IP literals as URIs, configurations and resolv.conf have them. */
#ifndef SIPPROBE_LOOP_IP_LITERAL_H
#define SIPPROBE_LOOP_IP_LITERAL_H

#include "sipprobe/loop/compat.h"

/*
 * Takes an IP literal, an IPv6 one with or without brackets and with "%eth0" or "%2".
 *
 * Returns 0; EINVAL: not a literal; ENODEV: there is no such interface.
 */
int ip_literal_parse(struct sa *sa, const char *text, size_t len);

#endif
