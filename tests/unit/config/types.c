/* Types of values that only a configuration of trunks has. */
#include "config/config.h"
#include "config/tables.h"
#include "config/types.h"
#include "tests/unit/config/reader/reading.h"
#include "tests/unit/tap.h"

struct sample {
	const char *host, *uri, *peer, *collector, *template, *call;
	struct config_codes codes;
	struct config_local local;
	struct config_search search;
	struct config_pause pause;
	unsigned dscp, preset;
	struct config_media media;
	struct config_call_degraded degraded;
	const struct config_listen *listens;
	const struct config_allow *allows;
	const double *buckets;
	const char *const *globs, *const *servers, *const *routes;
	size_t listen_count, allow_count, bucket_count, glob_count, server_count,
		route_count;
};

#define ROW(name, kind)                                                                  \
	.key = #name, .type = &type_##kind, .offset = offsetof(struct sample, name)
#define LIST(name, count, list)                                                          \
	ROW(name, list), .beside = offsetof(struct sample, count), .more = &list_##name, \
			 .max = 3

static const struct field rows[] = {
	{ROW(host, host), .min = 1, .max = 11},
	{ROW(uri, uri)},
	{ROW(peer, peer_uri)},
	{ROW(collector, collector)},
	{ROW(template, template)},
	{ROW(call, number_to)},
	{ROW(codes, codes), .min = 1},
	{ROW(local, local)},
	{ROW(search, search), .max = 3},
	{ROW(pause, pause)},
	{ROW(dscp, dscp), .max = 63},
	{ROW(preset, preset)},
	{ROW(media, media)},
	{ROW(degraded, degraded)},
	{LIST(listens, listen_count, list)},
	{LIST(allows, allow_count, list)},
	{LIST(buckets, bucket_count, list)},
	{LIST(globs, glob_count, list)},
	{LIST(servers, server_count, list)},
	{ROW(routes, list), .beside = offsetof(struct sample, route_count),
	 .more = &list_templates, .max = 3},
};

static const struct section section_sample = {.name = "sample", SECTION_ROWS(rows)};

static struct sample sample;

static void put_texts(FILE *out, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (texts[i])
			fprintf(out, " '%s'", texts[i]);
}

static void put_lists(FILE *out, const struct sample *s)
{
	for (size_t i = 0; i < s->listen_count; i++)
		fprintf(out, " %d %s %u", s->listens[i].transport, s->listens[i].host,
			s->listens[i].port);
	for (size_t i = 0; i < s->allow_count; i++)
		fprintf(out, " %s/%zu", s->allows[i].name ? s->allows[i].name : "",
			s->allows[i].prefix);
	for (size_t i = 0; i < s->bucket_count; i++)
		fprintf(out, " %g", s->buckets[i]);
	put_texts(out, s->globs, s->glob_count);
	put_texts(out, s->servers, s->server_count);
	put_texts(out, s->routes, s->route_count);
	put_texts(out, s->search.domains, s->search.count);
}

static void put_calls(FILE *out, const struct config_media *m,
		      const struct config_call_degraded *d)
{
	if (m->port_min)
		fprintf(out, " %s %u-%u %zu", m->address ? m->address : "any",
			m->port_min, m->port_max, m->network_count);
	if (d->mos > 0)
		fprintf(out, " mos %g", d->mos);
	if (d->loss > 0)
		fprintf(out, " loss %g", d->loss);
	if (d->jitter_us || d->post_dial_delay_us)
		fprintf(out, " %lld and %lld us", (long long)d->jitter_us,
			(long long)d->post_dial_delay_us);
}

/* All that is not as it was before reading. */
static void put_sample(FILE *out, const struct sample *s)
{
	const char *const texts[] = {s->host,	  s->uri,  s->peer,	    s->collector,
				     s->template, s->call, s->local.address};

	put_texts(out, texts, ROW_COUNT(texts));
	for (unsigned i = 0; i < 1000; i++)
		if (config_codes_has(&s->codes, i))
			fprintf(out, " %u", i);
	if (s->local.port)
		fprintf(out, " port %u", s->local.port);
	if (s->search.system)
		fprintf(out, " as the system");
	if (s->pause.on)
		fprintf(out, " paused %lld", (long long)s->pause.until_s);
	if (s->dscp != 99)
		fprintf(out, " dscp %u", s->dscp);
	if (s->preset)
		fprintf(out, " preset %u", s->preset);
	put_calls(out, &s->media, &s->degraded);
	put_lists(out, s);
}

static const struct {
	const char *text, *want;
} taken[] = {
	{"{host: a.example}", " 'a.example'"},
	{"{host: sbc.example}", " 'sbc.example'"},
	{"{host: '2001:db8::1'}", " '2001:db8::1'"},
	{"{uri: sip:0.0.0.0}", " 'sip:0.0.0.0'"},
	{"{peer: sip:192.0.2.1}", " 'sip:192.0.2.1'"},
	{"{peer: 'wss://a.example/ws'}", " 'sip:a.example;transport=wss'"},
	{"{collector: 'udp:homer.example:9060'}", " 'sip:homer.example:9060'"},
	{"{collector: 'udp:[2001:db8::9]:1'}", " 'sip:[2001:db8::9]:1'"},
	{"{template: 'sip:{peer}'}", " 'sip:{peer}'"},
	{"{call: '*43'}", " '*43'"},
	{"{call: +4722000000}", " '+4722000000'"},
	{"{codes: [200, '404', 501-502]}", " 200 404 501 502"},
	{"{local: {address: 192.0.2.1}}", " '192.0.2.1'"},
	{"{local: {port: 65535}}", " port 65535"},
	{"{local: {address: '::1', port: 1}}", " '::1' port 1"},
	{"{search: true}", " as the system"},
	{"{search: false}", ""},
	{"{search: [a.example, b]}", " 'a.example' 'b'"},
	{"{pause: true}", " paused 0"},
	{"{pause: false}", ""},
	{"{pause: until 2999-12-01T06:00Z}", " paused 32501023200"},
	{"{pause: until 1970-01-01T00:00Z}", " paused 1"},
	{"{dscp: 0}", " dscp 0"},
	{"{dscp: 63}", " dscp 63"},
	{"{dscp: AF31}", " dscp 26"},
	{"{preset: teams}", " preset 1"},
	{"{preset: itsp}", " preset 11"},
	{"{media: {ports: 2000-2001, networks: [10.0.0.0/8]}}", " any 2000-2001 1"},
	{"{media: {ports: 2000-2001, networks: ['::/0', 10.0.0.1], address: '::1'}}",
	 " ::1 2000-2001 2"},
	{"{degraded: {}}", ""},
	{"{degraded: {mos: 1}}", " mos 1"},
	{"{degraded: {mos: 4.5}}", " mos 4.5"},
	{"{degraded: {loss: 100%}}", " loss 1"},
	{"{degraded: {jitter: 1ms, post_dial_delay: 120s}}", " 1000 and 120000000 us"},
	{"{degraded: {jitter: 1s, post_dial_delay: 10ms}}", " 1000000 and 10000 us"},
	{"{listens: ['udp:192.0.2.1:0', 'tls:[fe80::1%eth0]:5061']}",
	 " 1 192.0.2.1 0 3 fe80::1%eth0 5061"},
	{"{allows: [a.example, 10.0.0.0/8]}", " a.example/0 /104"},
	{"{buckets: [0.001, 1]}", " 0.001 1"},
	{"{buckets: [86400]}", " 86400"},
	{"{globs: [a/*.json]}", " 'a/*.json'"},
	{"{servers: ['2001:db8::53@5353', 192.0.2.53]}",
	 " '2001:db8::53@5353' '192.0.2.53'"},
	{"{routes: ['sip:{peer};lr', 'sip:a', 'sip:a']}",
	 " 'sip:{peer};lr' 'sip:a' 'sip:a'"},
};

#define PEER	 "as in \"udp:homer.example:9060\""
#define CONTROLS "control characters, line ends among them, are not allowed"
#define CODES	 "final responses have codes from 200 to 699"

static const struct {
	const char *text, *want; /* the beginning of it */
} refused[] = {
	{"{host: sbcs.example}", "host: is 12 bytes long; at most 11 are taken"},
	{"{host: 'a:5060'}", "host: \"a:5060\": a host name or an address"},
	{"{\"host\": 5}", "host: expected a string, found a number"},
	{"{\"uri\": 5}", "uri: expected a SIP URI, as in \"sip:sbc.example\""},
	{"{uri: 'ws://a.example/ws'}", "uri: \"ws://a.example/ws\": the scheme must be"},
	{"{peer: sip:0.0.0.0}", "peer: \"sip:0.0.0.0\": the unspecified address"},
	{"{peer: 'ws://0.0.0.0/?token=x'}", "peer: the unspecified address"},
	{"{\"collector\": 5}", "collector: expected a string, " PEER ", found a number"},
	{"{collector: 'tcp:a:9060'}", "collector: begins with udp:, " PEER},
	{"{collector: 'udp:a'}", "collector: \"udp:a\": a port is missing, " PEER},
	{"{collector: 'udp:u@a:9060'}",
	 "collector: \"udp:redacted@a:9060\": it is udp:HOST"},
	{"{collector: 'udp:a:9060;x'}",
	 "collector: \"udp:a:9060;x\": it is udp:HOST:PORT"},
	{"{collector: 'udp::9060'}", "collector: \"udp::9060\": the host is missing"},
	{"{collector: 'udp:224.0.0.1:1'}", "collector: \"udp:224.0.0.1:1\": a multicast"},
	{"{\"template\": 5}", "template: expected a SIP URI, as in"},
	{"{template: 'sip:{p}'}", "template: \"sip:{p}\": the placeholders are"},
	{"{\"call\": 5}", "call: expected a string, as in \"+4722000000\", found"},
	{"{call: '112'}", "call: \"112\": may be the number of an emergency service"},
	{"{\"call\": \"1\\n\"}", "call: \"1\\u000a\": is written out, in digits"},
	{"{codes: []}", "codes: must not be empty"},
	{"{codes: 200}", "codes: expected an array of codes, as in"},
	{"{codes: [199, 200]}", "codes[0]: 199: " CODES},
	{"{codes: [200, 7xx]}", "codes[1]: \"7xx\": " CODES},
	{"{codes: [null]}", "codes[0]: expected a code, as in 503"},
	{"{local: {}}", "local: \"address\" or \"port\" is missing"},
	{"{local: {port: 65536}}", "local.port: must be a whole number from 1 to 65535"},
	{"{local: {address: a}}", "local.address: \"a\": is neither an IPv4 nor an IPv6"},
	{"{\"local\": {\"address\": 5}}", "local.address: expected an address, as in"},
	{"{search: 1}", "search: expected true, false, or an array of domains"},
	{"{search: [a, a]}", "search[1]: \"a\" is in the list already"},
	{"{search: ['a b']}", "search[0]: \"a b\": a host name holds letters"},
	{"{\"search\": [5]}", "search[0]: expected a domain, as in"},
	{"{search: [a, b, c, d]}", "search: has 4 entries; at most 3 are taken"},
	{"{\"pause\": 5}", "pause: expected true, false, or \"until\" and a time"},
	{"{pause: 2999-12-01T06:00Z}", "pause: \"2999-12-01T06:00Z\": a pause is true"},
	{"{pause: until then}", "pause: \"until then\": "},
	{"{dscp: 64}", "dscp: must be a whole number from 0 to 63"},
	{"{dscp: AF44}", "dscp: \"AF44\": is no DSCP"},
	{"{dscp: []}", "dscp: expected a DSCP, as in 26 or \"AF31\", found an array"},
	{"{preset: none}",
	 "preset: there is no preset \"none\"; there are teams, lync, "},
	{"{\"preset\": 5}", "preset: expected the name of a preset, found a number"},
	{"{media: {ports: 2000-2001}}", "media: \"networks\" is missing"},
	{"{media: {ports: 2000, networks: [10.0.0.1]}}",
	 "media.ports: \"2000\": is no range of ports"},
	{"{media: {ports: 2000-2001, networks: [a.example]}}",
	 "media.networks[0]: \"a.example\": is no network"},
	{"{media: {ports: 2000-2001, networks: [10.0.0.1/8]}}",
	 "media.networks[0]: \"10.0.0.1/8\": the address has bits set past the prefix"},
	{"{degraded: {mos: 0.99}}", "degraded.mos: must be a number from 1 to 4.5"},
	{"{degraded: {mos: 4.51}}", "degraded.mos: must be a number from 1 to 4.5"},
	{"{degraded: {mos: x}}", "degraded.mos: expected a number, as in 3.6"},
	{"{degraded: {loss: 101%}}", "degraded.loss: \"101%\": is no percentage"},
	{"{degraded: {jitter: 1001ms}}", "degraded.jitter: \"1001ms\" is out of range"},
	{"{\"listens\": [\"udp:[fe80::1%e\\n]:1\"]}",
	 "listens[0]: \"udp:[fe80::1%e\\u000a]:1\": " CONTROLS},
	{"{listens: ['udp:192.0.2.1']}",
	 "listens[0]: \"udp:192.0.2.1\": ends with a port"},
	{"{\"allows\": [\"a\\n\"]}",
	 "allows[0]: \"a\\u000a\": a host name holds letters"},
	{"{\"allows\": [5]}", "allows[0]: expected a string, as in \"192.0.2.0/24\""},
	{"{buckets: [0]}", "buckets[0]: must be greater than 0 and finite"},
	{"{buckets: [-1]}", "buckets[0]: must be greater than 0 and finite"},
	{"{buckets: [86400.001]}", "buckets[0]: must be at most 86400, a day"},
	{"{buckets: [1, 1e300]}", "buckets[1]: must be at most 86400, a day"},
	{"{buckets: [x]}", "buckets[0]: expected a number of seconds"},
	{"{\"globs\": [\"a\\n\"]}", "globs[0]: \"a\\u000a\": " CONTROLS},
	{"{globs: ['']}", "globs[0]: must not be empty"},
	{"{servers: [a.example]}", "servers[0]: \"a.example\": a resolver is an IPv4 or"},
	{"{routes: ['sip:a', 5060]}", "routes[1]: \"5060\": the scheme must be"},
};

static char *read_text(const char *text, bool *good)
{
	struct reading r;
	char *got = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&got, &len);

	sample = (struct sample){.dscp = 99};
	reading_do(&r, &section_sample, &sample, text, "/");
	*good = r.good;
	put_sample(out, &sample);
	reading_put_errors(out, &r);
	fclose(out);
	reading_clear(&r);
	return got;
}

static void test_taken(void)
{
	for (size_t i = 0; i < ROW_COUNT(taken); i++) {
		bool good;
		char *got = read_text(taken[i].text, &good);

		ok(good, "%s is taken", taken[i].text);
		is_str(got, taken[i].want, taken[i].text);
		free(got);
	}
}

/* Nothing is stored either: that would stand before the message. */
static void test_refused(void)
{
	for (size_t i = 0; i < ROW_COUNT(refused); i++) {
		bool good;
		char *got = read_text(refused[i].text, &good);

		ok(!good, "%s is refused", refused[i].text);
		ok(!strncmp(got, refused[i].want, strlen(refused[i].want)), "%s", got);
		free(got);
	}
}

/* A URI or what is to become one that is longer than any. */
static void test_long(void)
{
	static const char *const begins[] = {
		"{\"collector\": \"udp:", "{\"uri\": \"sip:", "{\"peer\": \"wss://"};
	char text[4096];

	for (size_t i = 0; i < ROW_COUNT(begins); i++) {
		bool good;
		char *got;

		memset(text, 'a', sizeof(text));
		memcpy(text, begins[i], strlen(begins[i]));
		strcpy(text + sizeof(text) - sizeof(":9060\"}"), ":9060\"}");
		got = read_text(text, &good);
		ok(!good && strstr(got, "long"), "%s", got);
		free(got);
	}
}

int main(void)
{
	test_taken();
	test_refused();
	test_long();
	return tap_done();
}
