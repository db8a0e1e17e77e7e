#include "sipprobe/target/probers.h"

#include "sipprobe/target/target_udp.h"

/* OPTIONS (RFC 3261 11): one transaction, and any final response tells of the peer. */
const struct prober prober_options = {
	.method = "OPTIONS",
	.fingerprinted = true,
	.start = target_transact,
};

static const struct prober *const probers[CONFIG_METHODS] = {
	[CONFIG_METHOD_OPTIONS] = &prober_options,
	[CONFIG_METHOD_REGISTER] = &prober_register,
	[CONFIG_METHOD_INVITE] = &prober_invite,
};

const struct prober *prober_of(enum config_method method)
{
	return probers[method];
}
