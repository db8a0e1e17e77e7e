#include "sipprobe/media/sdp_address.h"

#include <string.h>

#include "config/peer_address.h"
#include "sipprobe/loop/ip_literal.h"

/* Networks of IPv4 that no packet is to be sent to (RFC 6890), as mapped into IPv6. */
static bool sdp_address_is_reserved(const uint8_t a[16], int af)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	/* IPv4 within IPv6 is no address of a peer of either family. */
	if (af == AF_INET6)
		return !memcmp(a, mapped, sizeof(mapped));
	return a[12] == 0 || a[12] >= 240;
}

static bool sdp_address_is_link_local(const struct sa *sa)
{
	return sa_af(sa) == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&sa->u.in6.sin6_addr);
}

enum sdp_fault sdp_address_check(struct sa *sa, const struct sa *peer)
{
	uint8_t bytes[16];

	if (sa_af(sa) != sa_af(peer))
		return SDP_ADDRESS_FAMILY;
	ip_bytes(bytes, sa);
	if (peer_address_fault(bytes) || sdp_address_is_reserved(bytes, sa_af(sa)))
		return SDP_ADDRESS_UNUSABLE;
	if (ip_is_loopback(sa) && !ip_is_loopback(peer))
		return SDP_ADDRESS_LOOPBACK;
	if (sdp_address_is_link_local(sa)) {
		if (!sdp_address_is_link_local(peer))
			return SDP_ADDRESS_UNUSABLE;
		sa->u.in6.sin6_scope_id = peer->u.in6.sin6_scope_id;
	}
	return SDP_OK;
}
