/* IP literals as URIs, configurations and resolv.conf have them, and kinds of addresses.
 */
#ifndef SIPPROBE_LOOP_IP_LITERAL_H
#define SIPPROBE_LOOP_IP_LITERAL_H

#include "sipprobe/loop/compat.h"

/*
 * Takes an IP literal, an IPv6 one with or without brackets and with "%eth0" or "%2".
 *
 * Returns 0; EINVAL: not a literal; ENODEV: there is no such interface.
 */
int ip_literal_parse(struct sa *sa, const char *text, size_t len);

/* An address as IPv6, one of IPv4 mapped into it. */
void ip_bytes(uint8_t bytes[16], const struct sa *sa);

/* Whether it is of this machine alone: all of 127/8 (RFC 1122 3.2.1.3), and ::1. */
bool ip_is_loopback(const struct sa *sa);

#endif
