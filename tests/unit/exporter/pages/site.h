/* A store with trunks in every state, for what is shown of them. */
#ifndef TESTS_UNIT_EXPORTER_PAGES_SITE_H
#define TESTS_UNIT_EXPORTER_PAGES_SITE_H

#include <stdlib.h>

#include "base/clock.h"
#include "config/config.h"
#include "exporter/pages/http_query.h"
#include "tests/unit/tap.h"

enum { SITE_TRUNKS = 5, SITE_ARGS = 8 };

#define SITE_BEGUN_NS (1700000000 * CLOCK_NS_PER_S)

struct site {
	struct http_site site;
	struct config *conf;
	struct store_trunk *rows[SITE_TRUNKS];
	struct store_target *cells[SITE_TRUNKS];
	struct http_arg args[SITE_ARGS];
	struct http_query q;
};

/* Names, labels and words of peers that would be markup, or end a text. */
static const char site_text[] =
	"{\"trunks\": ["
	"{\"name\": \"alpha\", \"uri\": \"sip:alpha.example\","
	" \"labels\": {\"site\": \"Oslo <b>\"}},"
	"{\"name\": \"b/\\\"<i>\", \"uri\": \"sip:192.0.2.2;transport=tls\"},"
	"{\"name\": \"gamma\", \"uri\": \"sip:192.0.2.3\", \"profile\": \"p\"},"
	"{\"name\": \"delta\", \"uri\": \"sip:delta.example\","
	" \"paused\": \"until 9999-12-31T00:00Z\"},"
	"{\"name\": \"epsilon\", \"uri\": \"sip:192.0.2.5\"}],"
	" \"profiles\": {\"p\": {\"fall\": 7}}}";

static inline struct probe_result site_result(enum probe_outcome o, unsigned code,
					      const char *words, int at_s)
{
	struct probe_result r = probe_result_none();

	r.outcome = o;
	r.verdict = o != PROBE_RESPONSE ? PROBE_DOWN
		    : code == 200	? PROBE_UP
					: PROBE_DEGRADED;
	r.code = code;
	r.begun_unix_ns = SITE_BEGUN_NS + at_s * CLOCK_NS_PER_S;
	r.phase_ns[PROBE_PHASE_ANSWER] = o == PROBE_RESPONSE ? 12345000 : -1;
	r.priority = 10;
	r.weight = 20;
	snprintf(r.call_id, sizeof(r.call_id), "id-%d", at_s);
	snprintf(code ? r.phrase : r.detail, sizeof(r.phrase), "%s", words);
	return r;
}

/* A probe with a ladder of every kind of entry that can be asked for. */
static inline void site_probe(struct site *s, int row, struct probe_result r)
{
	static const char sent[] = "OPTIONS sip:x SIP/2.0\r\nTo: <sip:x>\r\n\r\n";
	struct ladder l = {.dropped = 1};

	_Static_assert((int)LADDER_KINDS <= (int)LADDER_ENTRIES, "an entry of each kind");
	for (int k = 0; k < LADDER_KINDS; k++)
		l.entries[l.count++] = (struct ladder_entry){
			.at_ns = k * 1000000,
			.text = sent,
			.len = k % 3 ? sizeof(sent) - 1 : 0,
			.size = sizeof(sent) - 1,
			.kind = (enum ladder_kind)k,
		};
	store_probe_begin(s->site.store, s->cells[row], 0);
	store_probe_done(s->site.store, s->cells[row], &r);
	if (store_ladder_wanted(s->site.store, s->cells[row], &r))
		store_ladder(s->site.store, s->cells[row], &r, &l);
}

static inline void site_state(struct site *s, int row, enum health_state to, int at_s)
{
	struct engine_change change = {.to = to};

	store_trunk_state(s->site.store, s->rows[row], &change,
			  SITE_BEGUN_NS + at_s * CLOCK_NS_PER_S);
}

/* A chain of two, whose texts hold markup. */
static inline struct chain *site_chain(void)
{
	const struct chain_link links[] = {
		{"CN=b.example<", "CN=ca", "b.example", "01", "RSA 2048", "aa",
		 1600000000, 253402300799},
		{"CN=ca", "CN=ca", "", "02", "EC 256", "bb", 1, 1600000000},
	};
	struct chain *c = NULL;

	if (chain_alloc(&c, links, 2))
		exit(1);
	c->left_out = 1;
	c->seen_unix_ns = SITE_BEGUN_NS;
	snprintf(c->version, sizeof(c->version), "TLSv1.3");
	snprintf(c->cipher, sizeof(c->cipher), "AES");
	return c;
}

static inline void site_fill(struct site *s)
{
	struct store *store = s->site.store;
	struct probe_result r = site_result(PROBE_TLS, 0, "it is <expired>", 5);
	struct chain *chain = site_chain();

	for (int i = 0; i < 25; i++)
		site_probe(s, 0, site_result(PROBE_RESPONSE, 200, "OK", 10 * i));
	store_trunk_addresses(store, s->rows[0], 2, 1);
	store_inbound(store, s->rows[0], "OPTIONS", SITE_BEGUN_NS);
	site_state(s, 0, HEALTH_UP, 1);
	r.cert_not_after_s = 1600000000;
	site_probe(s, 1, r);
	store_chain(store, s->cells[1], chain);
	site_state(s, 1, HEALTH_DOWN, 2);
	site_probe(s, 2, site_result(PROBE_RESPONSE, 503, "Try \"later\" & <wait>", 6));
	site_probe(s, 2, site_result(PROBE_TIMEOUT, 0, "", 7));
	site_probe(s, 2, site_result(PROBE_RESPONSE, 503, "Try \"later\" & <wait>", 8));
	store_probe_late(store, s->cells[2]);
	store_probe_settled(store, s->cells[2], &(struct probe_loss){600, 597, 3});
	site_state(s, 2, HEALTH_DEGRADED, 3);
	store_trunk_dns_failed(store, s->rows[3], "no such <name>", DNS_HINT_NONE);
	chain_unref(chain);
}

static inline void site_open(struct site *s)
{
	static const double bounds[] = {0.01, 1};
	static const char *const transports[SITE_TRUNKS] = {"udp", "tls", "udp", NULL,
							    "udp"};
	struct config_errors errs = {0};

	*s = (struct site){.q.site = &s->site, .q.method = "GET", .q.args = s->args};
	if (config_parse(&s->conf, site_text, sizeof(site_text) - 1, "/nowhere/c.json",
			 &errs)) {
		config_errors_print(&errs, stdout);
		exit(1);
	}
	if (store_alloc(&s->site.store, bounds, 2))
		exit(1);
	store_remember(s->site.store, 60, 1 << 20);
	s->site.telemetry_path = strdup("/metrics");
	s->site.version = strdup("9<9");
	for (int i = 0; i < SITE_TRUNKS; i++) {
		char address[32];

		snprintf(address, sizeof(address), "192.0.2.%d:5060", i + 1);
		s->rows[i] = store_trunk_add(s->site.store, &s->conf->trunks[i]);
		if (transports[i])
			s->cells[i] = store_target_add(
				s->site.store, s->rows[i],
				&(struct engine_target){"OPTIONS", address,
							transports[i]});
	}
	site_fill(s);
}

static inline void site_close(struct site *s)
{
	store_free(s->site.store);
	config_free(s->conf);
	free(s->site.telemetry_path);
	free(s->site.version);
}

/* A parameter of the next request. */
static inline void site_arg(struct site *s, const char *name, const char *value)
{
	s->args[s->q.arg_count++] = (struct http_arg){{name, strlen(name)},
						      {value, value ? strlen(value) : 0}};
}

/* The text of a buffer, terminated. */
static inline const char *site_end(struct buffer *b)
{
	buffer_add(b, "", 1);
	return b->data;
}

#endif
