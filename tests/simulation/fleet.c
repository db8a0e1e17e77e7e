#include "tests/simulation/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/authority.h"
#include "tests/simulation/calls/dialler.h"
#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/registrar.h"
#include "tests/simulation/kernel/world.h"

enum {
	STREAM_TRUNKS = 1000, /* the first trunk's of the seed */
	V4 = 0x0a000000,      /* 10.0.0.0, four addresses a trunk */
	PORT = 5060,
	PORT_TLS = 5061,
	PORT_SRV = 5070, /* which nobody could guess */
};

#define PRUNE_NS (2 * WORLD_HOUR)

struct fleet fleet = {
	.seed = 1, .count = 200, .only = -1, .pace = 1, .outage_ns = 6 * WORLD_HOUR};

static uint16_t fleet_port(const struct trunk *t)
{
	return t->srv ? PORT_SRV : t->tls ? PORT_TLS : PORT;
}

static void fleet_address(struct sa *sa, const struct trunk *t, unsigned index)
{
	uint32_t n = t->number * 4 + index;
	uint8_t v6[16] = {0xfd, [12] = (uint8_t)(n >> 24), (uint8_t)(n >> 16),
			  (uint8_t)(n >> 8), (uint8_t)n};

	if (t->v6)
		sa_set_in6(sa, v6, fleet_port(t));
	else
		sa_set_in(sa, V4 + n, fleet_port(t));
}

struct peer *fleet_peer(const struct sa *sa)
{
	const uint8_t *b = sa->u.in6.sin6_addr.s6_addr;
	uint32_t n = sa_af(sa) == AF_INET6
			     ? (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 |
				       (uint32_t)b[14] << 8 | b[15]
			     : sa_in(sa) - V4;

	return n / 4 < fleet.count && n % 4 < FLEET_PEERS
		       ? &fleet.trunks[n / 4].peers[n % 4]
		       : NULL;
}

struct trunk *fleet_trunk(const char *name)
{
	unsigned long n = name[0] == 't' ? strtoul(name + 1, NULL, 10) : fleet.count;

	return n < fleet.count ? &fleet.trunks[n] : NULL;
}

struct trunk *fleet_next(struct trunk *t)
{
	unsigned i = t ? t->number + 1 : 0;

	if (fleet.only >= 0)
		i = t ? fleet.count : (unsigned)fleet.only;
	return i < fleet.count ? &fleet.trunks[i] : NULL;
}

bool fleet_is_single(const struct trunk *t)
{
	return !t->several && !t->registers && !t->dial;
}

void fleet_prune(struct trunk *t)
{
	struct cell **at = &t->cells;

	while (*at) {
		struct cell *c = *at;

		if (!c->gone || world_now_ns() < c->ended_ns + PRUNE_NS) {
			at = &c->older;
			continue;
		}
		*at = c->older;
		memory_free(c);
	}
}

void fleet_add(struct tally *tally, const struct order *o, bool failed)
{
	tally->streak = tally->streak && failed == tally->failed ? tally->streak + 1 : 1;
	tally->failed = failed;
	if (failed && tally->streak >= o->fall)
		tally->state = HEALTH_DOWN;
	else if (!failed && (tally->state != HEALTH_DOWN || tally->streak >= o->rise))
		tally->state = HEALTH_UP;
}

/* --- as the seed has it --- */

static void fleet_order(struct order *o, uint64_t *s)
{
	static const int64_t intervals[] = {5, 10, 30, 30, 60};
	int64_t most_ds;

	*o = (struct order){.present = true,
			    .fall = (unsigned)chance_between(s, 1, 4),
			    .rise = (unsigned)chance_between(s, 1, 3)};
	o->interval_ns = intervals[chance_below(s, 5)] * WORLD_S;
	most_ds = o->interval_ns / WORLD_MS / 100 - 5;
	o->timeout_ns =
		chance_between(s, 5, most_ds < 50 ? most_ds : 50) * 100 * WORLD_MS;
	o->down_ns =
		chance_between(s, o->timeout_ns / WORLD_MS, o->interval_ns / WORLD_MS) *
		WORLD_MS;
	o->t1_ns = chance_between(s, 1, 5) * 100 * WORLD_MS;
	if (!fleet.plain)
		return;
	o->fall = 3;
	o->rise = 2;
	o->interval_ns = 30 * WORLD_S;
	o->timeout_ns = 5 * WORLD_S;
	o->down_ns = 10 * WORLD_S;
	o->t1_ns = 500 * WORLD_MS;
}

/* A wire that is good answers well before the deadline, and one that is not does not. */
static void fleet_wire(struct link *l, const struct trunk *t, uint64_t *s)
{
	int64_t timeout_ns = t->want.timeout_ns;
	int64_t spread_ns = chance_of(s, 200000) ? chance_between(s, 0, timeout_ns / 2)
						 : 10 * WORLD_MS;

	l->least_ns = chance_between(s, 1, 40) * WORLD_MS;
	if (t->lossy) {
		l->loss_ppm = (unsigned)chance_below(s, 300000);
		spread_ns = chance_between(s, 0, 2 * timeout_ns);
	}
	l->most_ns = l->least_ns + spread_ns;
	if (!t->lossy && l->most_ns > timeout_ns / 2)
		l->most_ns = timeout_ns / 2;
	if (l->least_ns > l->most_ns)
		l->least_ns = l->most_ns;
	if (faults_has(FAULT_TWICE) && chance_of(s, 300000))
		l->twice_ppm = 100000;
	if (faults_has(FAULT_GARBLE) && t->lossy)
		l->garble_ppm = 20000;
}

void fleet_rank(struct rank *r, uint64_t *s)
{
	r->priority = (uint16_t)chance_between(s, 1, 3);
	r->weight = (uint16_t)chance_between(s, 0, 100);
}

static void fleet_peers(struct trunk *t)
{
	for (unsigned i = 0; i < FLEET_PEERS; i++) {
		struct peer *p = &t->peers[i];

		p->trunk = t;
		p->index = i;
		p->link.stream = chance_stream(t->fate, 3 * i + 1);
		p->fate = chance_stream(t->fate, 3 * i + 2);
		p->since_ns = WORLD_BEGIN_NS;
		p->trying = chance_of(&t->fate, 100000);
		fleet_address(&p->sa, t, i);
		fleet_wire(&p->link, t, &t->fate);
		if (t->registers || t->auth)
			p->registrar =
				registrar_make(p, chance_stream(t->fate, 3 * i + 3));
		if (t->tls)
			p->identity = authority_identity(p);
		if (t->srv)
			fleet_rank(&p->rank, &p->fate);
	}
}

/* A handshake costs a thousand times what a datagram does. */
static void fleet_kinds(struct trunk *t)
{
	unsigned n = t->number;

	t->tls = t->tcp && n / 3 % 5 == 2 && faults_has(FAULT_TLS);
	t->mutual = t->tls && n / 3 % 2;
	t->srv = t->several && n % 8 == 3 && faults_has(FAULT_SRV);
	t->naptr = t->srv && !t->tcp && n % 16 == 3;
	t->calls = n % 5 <= 1 && faults_has(FAULT_INBOUND);
	if (t->tls && !t->reuse) {
		t->want.interval_ns = 60 * WORLD_S;
		t->want.down_ns = 40 * WORLD_S;
	}
	t->want.interval_ns *= fleet.pace;
	t->want.down_ns *= fleet.pace;
}

static void fleet_trunk_make(struct trunk *t, unsigned number)
{
	t->number = number;
	t->fate = chance_stream(fleet.seed, STREAM_TRUNKS + number);
	t->lossy = chance_of(&t->fate, 400000) && faults_has(FAULT_LOSS);
	t->named = number % 4 >= 2;
	t->several = number % 4 == 3;
	t->registers = number % 8 == 4 && faults_has(FAULT_BINDING);
	t->auth = (number % 16 == 4 || number % 16 == 5) && faults_has(FAULT_BINDING);
	t->v6 = number % 5 == 4;
	t->tcp = number % 3 == 1 && faults_has(FAULT_TCP);
	t->reuse = number % 2 && t->tcp;
	t->set = t->several ? 3 : 1;
	t->ttl_s = (unsigned)chance_between(&t->fate, 5, 600);
	fleet_order(&t->want, &t->fate);
	fleet_kinds(t);
	t->dial = dialler_make(t);
	t->calls = t->calls && !t->dial;
	fleet_peers(t);
}

void fleet_make(void)
{
	fleet.trunks = memory_get(fleet.count * sizeof(*fleet.trunks));
	dialler_limits(fleet.calls_an_hour);
	fleet.listening = faults_has(FAULT_INBOUND) || dials.loops;
	for (unsigned i = 0; i < fleet.count; i++)
		fleet_trunk_make(&fleet.trunks[i], i);
}

/* --- as the configuration has it --- */

const char *fleet_transport(const struct trunk *t)
{
	return t->tls ? "tls" : t->tcp ? "tcp" : "udp";
}

static void fleet_write_uri(FILE *f, const struct trunk *t)
{
	char host[64];

	if (t->named)
		(void)snprintf(host, sizeof(host), "t%u.sim", t->number);
	else
		(void)re_snprintf(host, sizeof(host), t->v6 ? "[%j]" : "%j",
				  &t->peers[0].sa);
	(void)fprintf(f, "\"uri\":\"sip:%s", host);
	if (!t->srv)
		(void)fprintf(f, ":%u", fleet_port(t));
	if (!t->naptr)
		(void)fprintf(f, ";transport=%s", fleet_transport(t));
	(void)fputc('"', f);
}

static void fleet_write_tls(FILE *f, const struct trunk *t)
{
	(void)fprintf(f, ",\"tls\":{\"ca_file\":\"%s\"", authority_file());
	if (!t->named)
		(void)fprintf(f, ",\"server_name\":\"t%u.sim\"", t->number);
	if (t->mutual)
		(void)fprintf(f, ",\"cert_file\":\"%s\",\"key_file\":\"%s\"",
			      authority_own_file(), authority_own_key_file());
	(void)fputc('}', f);
}

static void fleet_write_trunk(FILE *f, const struct trunk *t)
{
	const struct order *o = &t->want;

	(void)fprintf(f, "{\"name\":\"t%u\",", t->number);
	fleet_write_uri(f, t);
	(void)fprintf(f,
		      ",\"retry_after_max\":\"%lldms\",\"interval\":\"%lldms\","
		      "\"timeout\":\"%lldms\","
		      "\"down_interval\":\"%lldms\",\"t1\":\"%lldms\",\"fall\":%u,"
		      "\"rise\":%u,\"labels\":{\"v\":\"%u\"}",
		      (long long)(o->interval_ns / WORLD_MS),
		      (long long)(o->interval_ns / WORLD_MS),
		      (long long)(o->timeout_ns / WORLD_MS),
		      (long long)(o->down_ns / WORLD_MS),
		      (long long)(o->t1_ns / WORLD_MS), o->fall, o->rise, o->version);
	if (o->paused)
		(void)fputs(",\"paused\":true", f);
	if (t->tls)
		fleet_write_tls(f, t);
	if (t->reuse)
		(void)fputs(",\"connection\":\"reuse\"", f);
	if (t->registers || t->dial)
		(void)fprintf(f, ",\"method\":[\"OPTIONS\"%s%s]",
			      t->registers ? ",\"REGISTER\"" : "",
			      t->dial ? ",\"INVITE\"" : "");
	if (t->registers)
		(void)fputs(",\"register\":"
			    "{\"bind\":true,\"expires\":\"10m\",\"aor\":\"sip:me@sim\"}",
			    f);
	if (t->dial)
		dialler_write(f, t);
	if (t->auth)
		(void)fputs(",\"auth\":{\"username\":\"" REGISTRAR_USER
			    "\",\"password\":\"" REGISTRAR_PASSWORD "\"}",
			    f);
	(void)fputc('}', f);
}

static void fleet_write_listen(FILE *f)
{
	(void)fputs("\"sip\":{\"listen\":[\"udp:0.0.0.0:5060\",\"udp:[::]:5060\"", f);
	if (faults_has(FAULT_INBOUND))
		(void)fprintf(f,
			      ",\"tcp:0.0.0.0:5060\",\"tcp:[::]:5060\"],"
			      "\"answers_per_second\":%d},",
			      FLEET_ANSWERS);
	else
		(void)fputs("]},", f);
}

char *fleet_config(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	const char *between = "";

	(void)fputc('{', f);
	if (fleet.listening)
		fleet_write_listen(f);
	dialler_write_limits(f);
	(void)fputs("\"dns\":{\"servers\":[\"10.255.0.53\"]},\"defaults\":"
		    "{\"degraded_codes\":[]},\"trunks\":[",
		    f);
	for (struct trunk *t = fleet_next(NULL); t; t = fleet_next(t)) {
		if (!t->want.present)
			continue;
		(void)fputs(between, f);
		fleet_write_trunk(f, t);
		between = ",";
	}
	(void)fputs("]}", f);
	(void)fclose(f);
	return text;
}
