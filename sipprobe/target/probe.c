#include <errno.h>
#include <stddef.h>

#include "sipprobe/target/outcome.h"

static const char *const outcome_names[PROBE_OUTCOMES] = {
	[PROBE_RESPONSE] = "response",
	[PROBE_TIMEOUT] = "timeout",
	[PROBE_DNS] = "dns",
	[PROBE_REFUSED] = "refused",
	[PROBE_UNREACHABLE] = "unreachable",
	[PROBE_CONNECT] = "connect",
	[PROBE_TLS] = "tls",
	[PROBE_PROTOCOL] = "protocol",
	[PROBE_AUTH] = "auth",
	[PROBE_INTERNAL] = "internal",
	[PROBE_ELSEWHERE] = "elsewhere",
	[PROBE_WEBSOCKET] = "websocket",
};

static const char *const phase_names[PROBE_PHASES] = {
	[PROBE_PHASE_RESOLVE] = "resolve", [PROBE_PHASE_CONNECT] = "connect",
	[PROBE_PHASE_TLS] = "tls",	   [PROBE_PHASE_WEBSOCKET] = "websocket",
	[PROBE_PHASE_ANSWER] = "response",
};

const char *probe_outcome_name(enum probe_outcome o)
{
	return (unsigned)o < PROBE_OUTCOMES ? outcome_names[o] : "internal";
}

const char *probe_misdirected_name(enum probe_misdirected m)
{
	return m == PROBE_MISDIRECTED_PORT ? "port" : "address";
}

const char *probe_phase_name(enum probe_phase p)
{
	return (unsigned)p < PROBE_PHASES ? phase_names[p] : "response";
}

enum probe_outcome probe_outcome_of(int err)
{
	switch (err) {
	case ECONNREFUSED:
		return PROBE_REFUSED;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENONET:
	case ENETDOWN:
	case EACCES:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EPROTO:
		return PROBE_UNREACHABLE;
	case ECONNRESET:
	case ECONNABORTED:
	case ETIMEDOUT:
	case EPIPE:
		return PROBE_CONNECT;
	default:
		return PROBE_INTERNAL;
	}
}

/* Where the errno's own words, or the outcome that ICMP would have, mislead. */
static const struct unsent {
	int err;
	enum probe_outcome outcome;
	const char *words;
} unsent[] = {
	{EPERM, PROBE_INTERNAL,
	 "this machine would not send it: its firewall, or a full table of connections"},
	{EINVAL, PROBE_UNREACHABLE, "this machine has a blackhole route there"},
	{ENOPROTOOPT, PROBE_INTERNAL, "this kernel gives no receive time stamps"},
};

enum probe_outcome probe_outcome_unsent(int err, const char **detail)
{
	for (size_t i = 0; i < sizeof(unsent) / sizeof(unsent[0]); i++) {
		if (unsent[i].err != err)
			continue;
		*detail = unsent[i].words;
		return unsent[i].outcome;
	}
	return probe_outcome_of(err);
}

const char *probe_icmp_words(int err)
{
	switch (err) {
	case ENOPROTOOPT:
		return "ICMP: there is no UDP (protocol unreachable)";
	case EPROTO:
		return "ICMP: the packet's head was refused (parameter problem)";
	default:
		return NULL;
	}
}
