#include "sipprobe/dns/locate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/peer_address.h"
#include "sipprobe/dns/locate_hint.h"
#include "sipprobe/dns/locate_private.h"
#include "sipprobe/loop/ip_literal.h"

static void step_destructor(void *data)
{
	struct step *s = data;

	list_unlink(&s->le);
	mem_deref(s->query);
	mem_deref(s->name);
}

static bool locate_asks_hints(struct locate *locate);

static void locate_answer_h(const struct lookup_answer *ans, void *arg)
{
	struct step *s = arg;
	struct locate *locate = s->locate;

	list_unlink(&s->le);
	/* A failure holds no longer than any answer that led to it. */
	if (ans->status != RESOLVE_OK)
		locate_use_ttl(&locate->failed_ttl_s,
			       ans->ttl_s ? ans->ttl_s : LOCATE_FAILURE_TTL_S);
	s->h(s, ans);
	mem_deref(s);
	if (!list_isempty(&locate->steps))
		return;
	if (!locate->settled)
		locate_complete(locate);
	if (!locate_asks_hints(locate))
		locate->h(locate->arg);
}

/* @address: for A and AAAA, else NULL */
static int locate_ask(struct locate *locate, const char *name, enum rr_type type,
		      step_h *h, const struct resolve_address *address)
{
	struct step *s = mem_zalloc(sizeof(*s), step_destructor);
	int err;

	if (!s)
		return ENOMEM;
	s->locate = locate;
	s->number = ++locate->step_count;
	s->type = type;
	s->h = h;
	if (address) {
		s->address = *address;
		s->address.from = locate_question(name, type);
	}
	err = str_dup(&s->name, name);
	if (!err)
		err = locate->lookup->ask(&s->query, locate->lookup, name, type,
					  locate_answer_h, s);
	if (err)
		mem_deref(s);
	else
		list_append(&locate->steps, &s->le, s);
	return err;
}

/* A question could not be asked after @s was answered: for want of memory, mostly. */
static void ask_failed(struct step *s, int err)
{
	if (!err)
		return;
	locate_use_ttl(&s->locate->failed_ttl_s, LOCATE_FAILURE_TTL_S);
	locate_fail(s->locate, s, RESOLVE_SERVFAIL, strerror(err));
}

/* An address that can be no peer is left out, and told. */
static bool address_is_fit(struct step *s, const struct sa *sa)
{
	uint8_t bytes[16];
	const char *fault;
	char why[96];

	ip_bytes(bytes, sa);
	fault = peer_address_fault(bytes);
	if (!fault)
		return true;
	re_snprintf(why, sizeof(why), "%j (%s)", sa, fault);
	locate_pass_over(s->locate, s, why);
	locate_fail(s->locate, s, RESOLVE_NODATA, why);
	s->locate->result.hint = DNS_HINT_NO_PEER;
	return false;
}

static void address_set_from(struct sa *sa, const struct step *s, const uint8_t *p)
{
	uint16_t port = sa_port(&s->address.sa);

	if (s->type == RR_A)
		sa_set_in(sa, (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3], port);
	else
		sa_set_in6(sa, p, port);
}

static void address_unanswered(struct step *s)
{
	ask_failed(s, locate_unanswered(s->locate, s->address.from));
}

static void address_answer(struct step *s, const struct lookup_answer *ans)
{
	struct locate *locate = s->locate;
	struct resolve_address a = s->address;
	size_t size = s->type == RR_A ? 4 : 16, read = 0;
	int err = 0;

	if (ans->status >= RESOLVE_SERVFAIL)
		address_unanswered(s);
	if (ans->status != RESOLVE_OK) {
		locate_fail_answer(s, ans->status);
		return;
	}
	for (size_t i = 0; i < ans->count && !err; i++) {
		if (ans->records[i].l != size)
			continue;
		address_set_from(&a.sa, s, ans->records[i].p);
		if (address_is_fit(s, &a.sa))
			err = address_set_add(&locate->set, &a);
		read++;
	}
	ask_failed(s, err);
	if (err || !read)
		address_unanswered(s);
	if (!read) {
		locate_fail_answer(s, RESOLVE_BOGUS);
		return;
	}
	locate_use_ttl(&locate->result.ttl_s, ans->ttl_s);
	locate_use_ttl(&locate->failed_ttl_s, ans->ttl_s);
}

/* A and AAAA side by side, as the family wants. */
static int address_ask(struct locate *locate, const char *name, uint16_t port,
		       struct resolve_address *a)
{
	int err = 0;

	sa_set_in(&a->sa, 0, port);
	if (locate->family != CONFIG_FAMILY_IPV6)
		err = locate_ask(locate, name, RR_A, address_answer, a);
	if (!err && locate->family != CONFIG_FAMILY_IPV4)
		err = locate_ask(locate, name, RR_AAAA, address_answer, a);
	return err;
}

static step_h srv_answer;

/* The next SRV name; past the last one the host's own addresses (RFC 3263 4.2). */
static int srv_next(struct locate *locate)
{
	struct resolve_address a = {.transport = locate->choices[0].transport};

	for (; locate->choice_at < locate->choice_count; locate->choice_at++) {
		const char *name = locate->choices[locate->choice_at].name;

		if (name)
			return locate_ask(locate, name, RR_SRV, srv_answer, NULL);
	}
	return address_ask(locate, locate->host, locate_port(a.transport), &a);
}

static void srv_try_next(struct step *s)
{
	struct locate *locate = s->locate;

	locate->choice_at++;
	if (locate->choice_at == locate->choice_count && locate->refused)
		locate_fail(locate, s, RESOLVE_NODATA, "the service is not offered");
	else
		ask_failed(s, srv_next(locate));
}

/* For want of memory, mostly: what is short of it here too can be told to nobody. */
static void target_unasked(struct locate *locate, const char *name)
{
	(void)locate_unanswered(locate, locate_question(name, RR_A));
	(void)locate_unanswered(locate, locate_question(name, RR_AAAA));
}

/* Targets are asked for all at once; the lookup bounds what goes out. */
static void targets_ask(struct step *s, const struct rr_srv *v, size_t count)
{
	struct locate *locate = s->locate;
	int err = 0;

	locate->result.by = locate->by_naptr ? RESOLVE_BY_NAPTR : RESOLVE_BY_SRV;
	for (size_t i = 0; i < count; i++) {
		struct resolve_address a = {
			.transport = locate->choices[locate->choice_at].transport,
			.priority = v[i].priority,
			.weight = v[i].weight,
		};

		if (!err)
			err = address_ask(locate, v[i].target, v[i].port, &a);
		if (err)
			target_unasked(locate, v[i].target);
	}
	ask_failed(s, err);
}

static void srv_answer(struct step *s, const struct lookup_answer *ans)
{
	struct rr_srv targets[RESOLVE_ADDRESSES_MAX];
	struct locate *locate = s->locate;
	bool refused = false;
	size_t count;

	if (ans->status == RESOLVE_NXDOMAIN || ans->status == RESOLVE_NODATA) {
		srv_try_next(s);
		return;
	}
	/* Servers that do not know the type refuse it; Docker's do. */
	if (ans->status == RESOLVE_SERVFAIL) {
		locate->result.passed_over |= 1U << RESOLVE_BY_SRV;
		locate_pass_over(locate, s, "SERVFAIL");
		srv_try_next(s);
		return;
	}
	if (ans->status != RESOLVE_OK) {
		/* No fallback: the host's own addresses may be others. */
		locate_fail_answer(s, ans->status);
		return;
	}
	count = srv_choose(targets, RESOLVE_ADDRESSES_MAX, ans, &refused);
	if (count) {
		locate_use_ttl(&locate->result.ttl_s, ans->ttl_s);
		targets_ask(s, targets, count);
	} else if (refused) {
		locate_use_ttl(&locate->failed_ttl_s, ans->ttl_s);
		locate->refused = true;
		srv_try_next(s);
	} else {
		locate_fail_answer(s, RESOLVE_BOGUS);
	}
}

static int srv_begin(struct locate *locate)
{
	locate->choice_count =
		naptr_choose_without(locate->choices, LOOKUP_NAPTR_MAX, locate->host,
				     locate->sips, locate->transport);
	return srv_next(locate);
}

static void naptr_answer(struct step *s, const struct lookup_answer *ans)
{
	struct locate *locate = s->locate;

	/*
	 * Servers that do not know the type refuse it, so only silence ends the road:
	 * after an answer of any kind SRV decides.
	 */
	if (ans->status == RESOLVE_TIMEOUT) {
		locate_fail_answer(s, ans->status);
		return;
	}
	if (ans->status == RESOLVE_OK)
		locate->choice_count = naptr_choose(locate->choices, LOOKUP_NAPTR_MAX,
						    ans, locate->sips);
	if (ans->status == RESOLVE_SERVFAIL) {
		locate->result.passed_over |= 1U << RESOLVE_BY_NAPTR;
		locate_pass_over(locate, s, "SERVFAIL");
	}
	locate->by_naptr = locate->choice_count;
	if (locate->choice_count)
		locate_use_ttl(&locate->result.ttl_s, ans->ttl_s);
	ask_failed(s, locate->choice_count ? srv_next(locate) : srv_begin(locate));
}

/* An SRV name of which nothing is wanted but whether it has records. */
static void hint_answer(struct step *s, const struct lookup_answer *ans)
{
	struct locate *locate = s->locate;

	if (ans->status == RESOLVE_OK && locate->result.hint == DNS_HINT_NONE)
		locate_hint_found(&locate->result, s->name, locate->has_port);
}

/* Of a name that has no address, once: what else there is of it. */
static bool locate_asks_hints(struct locate *locate)
{
	struct choice names[LOOKUP_NAPTR_MAX];
	size_t count;
	int err = 0;

	if (locate->settled || !locate->hints || locate->set.count ||
	    locate->result.status >= RESOLVE_SERVFAIL || locate->result.hint)
		return false;
	locate->settled = true;
	count = locate_hint_names(names, LOOKUP_NAPTR_MAX, locate);
	for (size_t i = 0; i < count; i++) {
		if (names[i].name && !err)
			err = locate_ask(locate, names[i].name, RR_SRV, hint_answer,
					 NULL);
		mem_deref(names[i].name);
	}
	return !list_isempty(&locate->steps);
}

/*
 * config_uri calls every sips URI TLS; whether it says so itself decides about NAPTR
 * (RFC 3263 4.1).
 */
static bool says_transport(const struct config_uri *uri)
{
	static const char word[] = ";transport=";
	size_t l = sizeof(word) - 1;

	if (!uri->sips)
		return uri->transport != CONFIG_TRANSPORT_NONE;
	for (size_t i = 0; i + l <= uri->params.l; i++)
		if (!strncasecmp(uri->params.p + i, word, l))
			return true;
	return false;
}

static int host_set(struct locate *locate, const struct config_slice *host)
{
	char name[RR_NAME_MAX + 1];
	int err = rr_name_set(name, host->p, host->l);

	return err ? err : str_dup(&locate->host, name);
}

int locate_begin(struct locate *locate, const struct config_uri *uri, bool *ready)
{
	const struct config_slice *host = uri->maddr.l ? &uri->maddr : &uri->host;
	struct resolve_address a = {0};
	struct sa sa;
	int err;

	locate->sips = uri->sips;
	locate->transport = uri->transport;
	err = ip_literal_parse(&sa, host->p, host->l);
	*ready = err != EINVAL;
	if (err == ENODEV) {
		locate_without_interface(locate, host);
		return 0;
	}
	if (!err)
		return locate_literal(locate, &sa, uri->port);
	err = host_set(locate, host);
	if (err)
		return err;
	a.transport = locate_transport(locate);
	locate->has_port = uri->port;
	if (uri->port)
		return address_ask(locate, locate->host, uri->port, &a);
	/* An address of HTTP: there are no SRV records of WebSocket. */
	if (config_transport_is_websocket(a.transport))
		return address_ask(locate, locate->host, locate_port(a.transport), &a);
	if (says_transport(uri))
		return srv_begin(locate);
	return locate_ask(locate, locate->host, RR_NAPTR, naptr_answer, NULL);
}

void locate_end(struct locate *locate)
{
	list_flush(&locate->steps);
	for (size_t i = 0; i < locate->choice_count; i++)
		locate->choices[i].name = mem_deref(locate->choices[i].name);
	locate->choice_count = 0;
	locate->host = mem_deref(locate->host);
	locate->set.v = mem_deref(locate->set.v);
	locate->set.count = 0;
	locate->set.room = 0;
	locate->unanswered = mem_deref(locate->unanswered);
	locate->unanswered_count = 0;
}
