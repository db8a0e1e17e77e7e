/* An IP literal in place of a name: no question, and a result all the same. */
#include "config/peer_address.h"
#include "sipprobe/dns/locate_private.h"
#include "sipprobe/loop/ip_literal.h"

enum {
	LITERAL_TTL_S = 3600, /* only the interface of a link-local one can change */
};

static void literal_without_peer(struct locate *locate, const struct sa *sa,
				 const char *fault)
{
	locate->result.status = RESOLVE_NODATA;
	locate->result.hint = DNS_HINT_NO_PEER;
	re_snprintf(locate->result.detail, sizeof(locate->result.detail), "%j (%s)", sa,
		    fault);
	locate->failed_ttl_s = LOCATE_FAILURE_TTL_S;
	locate_complete(locate);
}

int locate_literal(struct locate *locate, struct sa *sa, uint16_t port)
{
	bool v6 = sa_af(sa) == AF_INET6;
	struct resolve_address a = {.transport = locate_transport(locate)};
	uint8_t bytes[16];
	const char *fault;
	int err = 0;

	ip_bytes(bytes, sa);
	fault = peer_address_fault(bytes);
	if (fault) {
		literal_without_peer(locate, sa, fault);
		return 0;
	}
	sa_set_port(sa, port ? port : locate_port(a.transport));
	a.sa = *sa;
	if (locate->family == (v6 ? CONFIG_FAMILY_IPV4 : CONFIG_FAMILY_IPV6)) {
		locate->result.status = RESOLVE_NODATA;
		re_snprintf(locate->result.detail, sizeof(locate->result.detail),
			    "%j: not an %s address", sa, v6 ? "IPv4" : "IPv6");
		locate->failed_ttl_s = LOCATE_FAILURE_TTL_S;
	} else {
		err = address_set_add(&locate->set, &a);
		locate->result.ttl_s = LITERAL_TTL_S;
	}
	locate_complete(locate);
	return err;
}

void locate_without_interface(struct locate *locate, const struct config_slice *host)
{
	locate->result.status = RESOLVE_NODATA;
	re_snprintf(locate->result.detail, sizeof(locate->result.detail),
		    "%b: no such interface", host->p, host->l);
	locate->failed_ttl_s = LOCATE_FAILURE_TTL_S;
	locate_complete(locate);
}
