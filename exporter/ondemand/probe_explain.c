#include "exporter/ondemand/probe_explain.h"

#include <errno.h>
#include <string.h>

#include "base/buffer_format.h"
#include "base/clock.h"
#include "config/uri.h"
#include "exporter/capture/record.h"
#include "exporter/ondemand/probe_call.h"
#include "exporter/ondemand/probe_certificates.h"
#include "sipprobe/dns_hint.h"

struct advice {
	enum probe_outcome outcome;
	unsigned from; /* codes of PROBE_RESPONSE; 0 to 0: any */
	unsigned to;   /* of others: the errno behind it, 0: any */
	const char *text;
};

/* The first row that fits. */
static const struct advice advices[] = {
	{PROBE_RESPONSE, 200, 299, ""},
	{PROBE_RESPONSE, 300, 399,
	 "The peer works and points elsewhere. Probe the address it names if calls go "
	 "there."},
	{PROBE_RESPONSE, 401, 401,
	 "The peer works and asks for credentials, as is common. Give the trunk a "
	 "user name and password only if the probe is to prove them too. Is it an "
	 "Asterisk that does not know our address, it logs each probe as \"No matching "
	 "endpoint found\", and where fail2ban reads that it bans us, calls too: add an "
	 "identify section with our address there."},
	{PROBE_RESPONSE, 403, 403,
	 "The peer works but turns us away. Ask its operator to allow our source "
	 "address, and compare From and the Request-URI with what they expect."},
	{PROBE_RESPONSE, 404, 404,
	 "The peer works but does not know the user or domain in the Request-URI. Set "
	 "request_uri to one it knows if it must not answer so."},
	{PROBE_RESPONSE, 405, 405,
	 "The peer works but does not take this method. By default it counts as up all "
	 "the same, unless it is to register us."},
	{PROBE_RESPONSE, 407, 407,
	 "The proxy works and asks for credentials, as is common. Give the trunk a "
	 "user name and password only if the probe is to prove them too."},
	{PROBE_RESPONSE, 408, 408,
	 "Something in front answered for a peer that did not. Look at the hop behind "
	 "the address that was probed."},
	{PROBE_RESPONSE, 480, 480,
	 "The peer works, what is behind it is not available now. Ask its operator "
	 "whether the trunk is in service."},
	{PROBE_RESPONSE, 483, 483,
	 "Max-Forwards ran out: the request goes in a circle, or max_forwards is 0."},
	{PROBE_RESPONSE, 400, 499,
	 "The peer works but does not like the request. The reason phrase says what; "
	 "From, Contact and request_uri are the settings to compare with what it "
	 "expects."},
	{PROBE_RESPONSE, 501, 501,
	 "The peer works but does not know this method. By default it counts as up all "
	 "the same, unless it is to register us."},
	{PROBE_RESPONSE, 503, 503,
	 "The peer is overloaded or in maintenance. Wait as long as Retry-After says, "
	 "then probe again; if it stays, call its operator."},
	{PROBE_RESPONSE, 502, 504,
	 "A gateway answered for what is behind it and does not work. Look at the hop "
	 "after the address that was probed."},
	{PROBE_RESPONSE, 500, 599,
	 "The peer has a fault of its own. Its log at this time says which; Call-ID "
	 "finds the request in it."},
	{PROBE_RESPONSE, 600, 699,
	 "The peer works and declines everywhere. Ask its operator why."},
	{PROBE_TIMEOUT, 0, 0,
	 "Nothing final came back. Check that the address, port and transport are "
	 "right, that firewalls pass SIP in both directions, and that the peer knows "
	 "our source address: many SBCs are silent to strangers, and fail2ban may have "
	 "banned us at an Asterisk without an identify section for us. A capture on both "
	 "ends shows where it is lost."},
	{PROBE_DNS, 0, 0,
	 "The name gives no address. Check its spelling, and ask for its NAPTR, SRV "
	 "and A records (dig) at the resolver that this machine uses."},
	{PROBE_REFUSED, 0, 0,
	 "The machine is there, but nothing listens on this port and transport. Check "
	 "the port, and whether the SIP service runs."},
	{PROBE_UNREACHABLE, 0, 0,
	 "The network says there is no way. Check the route and the firewall between, "
	 "and that the machine is switched on."},
	{PROBE_CONNECT, 0, 0,
	 "The connection could not be made or broke off. Check that the peer takes "
	 "TCP on this port, and has room for another connection from here."},
	{PROBE_PROTOCOL, 0, EBADMSG,
	 "The peer speaks SIP, but its answer cannot be read for the reason above. Show "
	 "its vendor the message in the ladder."},
	{PROBE_PROTOCOL, 0, 0,
	 "Something else than SIP answers there. Check the port and the transport: "
	 "TLS spoken to a TCP port, or a web server, look like this."},
	{PROBE_AUTH, 403, 403,
	 "The peer forbids it to our credentials. Many say so to a wrong password: check "
	 "user name, password and realm with its operator, then whether this account "
	 "may register or ask, and from our address."},
	{PROBE_AUTH, 0, 0,
	 "The peer refuses our credentials. Check user name, password and realm with "
	 "its operator."},
	{PROBE_ELSEWHERE, 0, 0,
	 "The peer answers from another address or port than it was asked at. A NAT or "
	 "firewall between would drop that, and so would it drop calls: let the peer "
	 "answer from where it is asked (symmetric signalling; where it listens and how "
	 "it is bound). Where it is meant to be so, set answers_from to \"anywhere\"."},
	{PROBE_WEBSOCKET, ETIMEDOUT, ETIMEDOUT,
	 "The connection stands, but nothing answers the WebSocket handshake. Check the "
	 "port: one for SIP over TCP or TLS waits for SIP and is silent."},
	{PROBE_WEBSOCKET, 0, 0,
	 "The peer, or a proxy of HTTP before it, did not take the WebSocket, or ended "
	 "it, "
	 "for the reason above. Check websocket.path (Asterisk's is /ws) after 404, what "
	 "it wants in websocket.origin, host or headers after 400, 401 and 403, the port "
	 "and ws or wss after other answers."},
	{PROBE_INTERNAL, 0, 0,
	 "This machine could not do it: the reason above is its own word. It says "
	 "nothing about the peer."},
};

/* Failures in words, by outcome. */
static const char *const failures[PROBE_OUTCOMES] = {
	[PROBE_RESPONSE] = "answered",
	[PROBE_TIMEOUT] = "gave no final answer",
	[PROBE_DNS] = "cannot be resolved",
	[PROBE_REFUSED] = "refused us: nothing listens there",
	[PROBE_UNREACHABLE] = "cannot be reached",
	[PROBE_CONNECT] = "gave no connection that lasts",
	[PROBE_TLS] = "failed at TLS",
	[PROBE_PROTOCOL] = "does not speak SIP",
	[PROBE_AUTH] = "refused our credentials",
	[PROBE_INTERNAL] = "could not be probed",
	[PROBE_ELSEWHERE] = "answered from elsewhere",
	[PROBE_WEBSOCKET] = "failed at WebSocket",
};

void probe_explain_uri(struct buffer *b, const char *text)
{
	struct config_uri uri;
	const char *colon = NULL;

	if (!config_uri_parse(text, &uri) && uri.user.l)
		colon = memchr(uri.user.p, ':', uri.user.l);
	if (!colon) {
		buffer_str(b, text);
		return;
	}
	buffer_add(b, text, (size_t)(colon - text));
	buffer_str(b, uri.user.p + uri.user.l);
}

void probe_explain_time(struct buffer *b, int64_t ns)
{
	capture_put_duration(b, ns);
}

static void probe_explain_failure_words(struct buffer *b, const struct probe_result *r,
					int64_t timeout_us)
{
	buffer_str(b, r->outcome == PROBE_PROTOCOL && r->err == EBADMSG
			      ? "gave an answer that cannot be read"
			      : failures[r->outcome]);
	if (r->outcome == PROBE_TIMEOUT)
		buffer_format(b, " within %g s", (double)timeout_us / 1e6);
	if (r->outcome == PROBE_REFUSED)
		return;
	if (*r->detail)
		buffer_format(b, ": %s", r->detail);
	else if (r->err && r->outcome != PROBE_TIMEOUT)
		buffer_format(b, ": %s", strerror(r->err));
	if (r->retransmissions)
		buffer_format(b, " (%u requests sent)", r->retransmissions + 1);
}

void probe_explain_result(struct buffer *b, const struct probe_result *r,
			  int64_t timeout_us)
{
	if (r->call.made) {
		probe_call_words(b, r);
		return;
	}
	if (r->outcome != PROBE_RESPONSE) {
		probe_explain_failure_words(b, r, timeout_us);
		return;
	}
	buffer_format(b, "answered %u%s%s after ", r->code, *r->phrase ? " " : "",
		      r->phrase);
	probe_explain_time(b, r->phase_ns[PROBE_PHASE_ANSWER]);
	if (r->retransmissions)
		buffer_format(b, " (%u requests sent)", r->retransmissions + 1);
	if (r->retry_after_s >= 0)
		buffer_format(b, " (Retry-After: %d s)", r->retry_after_s);
}

/* Addresses, each once however many methods it was asked by; @alive: those that work. */
static size_t probe_explain_count_addresses(const struct ondemand_report *r, bool alive)
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++) {
		bool counts = true;

		for (size_t k = 0; k < r->count; k++) {
			if (!ondemand_same_address(&r->answers[i], &r->answers[k]))
				continue;
			counts = counts && k >= i &&
				 !(alive && r->answers[k].result.verdict == PROBE_DOWN);
		}
		count += counts;
	}
	return count;
}

size_t probe_explain_alive(const struct ondemand_report *r)
{
	return probe_explain_count_addresses(r, true);
}

size_t probe_explain_probed(const struct ondemand_report *r)
{
	return probe_explain_count_addresses(r, false);
}

/* The methods of most probes go without saying. */
static void probe_explain_method_words(struct buffer *b, const struct ondemand_answer *a)
{
	if (strcmp(a->method, "OPTIONS") != 0)
		buffer_format(b, " by %s", a->method);
}

void probe_explain_who(struct buffer *b, const struct ondemand_answer *a)
{
	buffer_format(b, "%s %s", a->address, a->transport);
	probe_explain_method_words(b, a);
}

void probe_explain_verdict(struct buffer *b, const struct ondemand_report *r)
{
	size_t probed = probe_explain_probed(r);

	if (r->decisive) {
		buffer_format(b, "%s over %s", r->decisive->address,
			      r->decisive->transport);
		probe_explain_method_words(b, r->decisive);
		buffer_str(b, " ");
	} else {
		probe_explain_uri(b, r->uri);
		buffer_str(b, " ");
	}
	probe_explain_result(b, &r->result, r->timeout_us);
	if (probed > 1)
		buffer_format(b, "; %zu of %zu addresses work", probe_explain_alive(r),
			      probed);
	if (r->addresses > probed && probed)
		buffer_format(b, ", %zu more were not probed", r->addresses - probed);
	probe_certificates_verdict(b, r, clock_wall_ns() / CLOCK_NS_PER_S);
}

/* Of PROBE_DNS, where more is known than that. */
static const char *const name_advices[DNS_HINTS] = {
	[DNS_HINT_SHORT] =
		"The name gives no address. It has no dot, and search domains are not "
		"asked for: write it in full, or set dns.search to true (those of "
		"resolv.conf) or to a list of domains.",
	[DNS_HINT_PORT] =
		"The name has SRV records but no address of its own, and a port in the "
		"URI means that SRV is not asked (RFC 3263 4.2). Leave out the port.",
	[DNS_HINT_SRV_NAME] =
		"SRV records for TLS are asked for at _sips._tcp (RFC 3263 4.1), and "
		"there are none; those that this name has stand elsewhere, where no SIP "
		"client need look. Have them put at _sips._tcp, or probe their target "
		"and port.",
	[DNS_HINT_NO_PEER] =
		"The address is unspecified, broadcast or multicast, which no single "
		"machine has. Correct it, or its record in DNS; a resolver that blocks "
		"names answers so too.",
};

static bool probe_explain_fits(const struct advice *a, const struct probe_result *r)
{
	if (a->outcome != PROBE_RESPONSE)
		return !a->to || r->err == (int)a->to;
	return !a->to || (r->code >= a->from && r->code <= a->to);
}

const char *probe_explain_next(const struct probe_result *r)
{
	if (r->call.made)
		return probe_call_advice(r);
	if (r->outcome == PROBE_TLS)
		return probe_certificates_advice((enum tls_fault)r->tls_fault);
	if (r->outcome == PROBE_DNS && r->dns_hint < DNS_HINTS &&
	    name_advices[r->dns_hint])
		return name_advices[r->dns_hint];
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		const struct advice *a = &advices[i];

		if (a->outcome == r->outcome && probe_explain_fits(a, r))
			return a->text;
	}
	return "";
}

/* Of two addresses of which one works the other is what needs a hand. */
const char *probe_explain_advice(const struct ondemand_report *r)
{
	const struct probe_result *worst = &r->result;
	const char *advice;

	for (size_t i = 0; i < r->count && r->state != HEALTH_UP; i++)
		if (r->answers[i].result.verdict > worst->verdict)
			worst = &r->answers[i].result;
	advice = probe_explain_next(worst);
	return *advice ? advice
		       : probe_certificates_own_advice(r,
						       clock_wall_ns() / CLOCK_NS_PER_S);
}

int64_t probe_explain_end_s(const struct engine_certificate *c)
{
	return c->verified_not_after_s ? c->verified_not_after_s : c->chain_not_after_s;
}

int64_t probe_explain_days(int64_t not_after_s, int64_t now_s)
{
	int64_t left_s = not_after_s - now_s;

	return left_s >= 0 ? left_s / 86400 : -((86399 - left_s) / 86400);
}
