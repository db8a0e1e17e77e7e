/* When a peer has changed, and when only another of its kind answers. */
#include "base/clock.h"
#include "sipprobe/fingerprint/fingerprint_history.h"
#include "sipprobe/fingerprint/fingerprint_read.h"
#include "tests/unit/tap.h"

enum { TEXT = 4096, DAY = 2880 }; /* answers of a day, each half minute one */

static struct fingerprint_table *fingerprints;

/* Who listens, and the time. */
struct scene {
	struct fingerprint_history a;
	int64_t now_s;
	unsigned traits;
	unsigned count;
	unsigned counts[PEER_TRAITS];
	char before[PEER_TEXT], now[PEER_TEXT];
	int64_t before_s, now_told_s;
};

static void shown_h(unsigned traits, void *arg)
{
	((struct scene *)arg)->traits |= traits;
}

static void changed_h(const struct peer_change *c, void *arg)
{
	struct scene *s = arg;

	s->count++;
	s->counts[c->trait]++;
	snprintf(s->before, sizeof(s->before), "%s", c->before);
	snprintf(s->now, sizeof(s->now), "%s", c->now);
	s->before_s = c->before_unix_ns / CLOCK_NS_PER_S;
	s->now_told_s = c->now_unix_ns / CLOCK_NS_PER_S;
}

/* One answer, as a target takes it. */
static void see(struct scene *s, unsigned code, const char *fields, const char *body)
{
	const struct fingerprint_handlers handlers = {shown_h, changed_h, s};
	struct guard_message m;
	struct fingerprint_draft draft;
	struct fingerprint *p;
	char text[TEXT];
	const char *why = "";

	s->now_s += 30;
	snprintf(text, TEXT,
		 "SIP/2.0 %u OK\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK%lld\r\n"
		 "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=%lld\r\nCall-ID: x\r\n"
		 "CSeq: 1 OPTIONS\r\n%sContent-Length: %zu\r\n\r\n%s",
		 code, (long long)s->now_s, (long long)s->now_s, fields, strlen(body),
		 body);
	if (guard_datagram(&m, text, strlen(text), &why))
		printf("Bail out! %s\n", why);
	if (!fingerprint_tells(code) ||
	    fingerprint_history_knows(&s->a, fingerprint_raw_hash(&m)))
		return;
	fingerprint_read_answer(&draft, &m);
	if (fingerprint_table_take(&p, fingerprints, &draft))
		return;
	(void)fingerprint_history_add(&s->a, p, fingerprint_raw_hash(&m),
				      s->now_s * CLOCK_NS_PER_S, &handlers);
	mem_deref(p);
}

static void scene_end(struct scene *s)
{
	fingerprint_history_clear(&s->a);
}

static const struct server {
	const char *name, *fields, *body;
} servers[] = {
	{"Kamailio", "Server: kamailio (5.6.3 (x86_64/linux))\r\n", ""},
	{"OpenSIPS", "Server: OpenSIPS (4.1.0-dev (x86_64/linux))\r\n", ""},
	{"Asterisk",
	 "Allow: OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, "
	 "CANCEL, "
	 "UPDATE, PRACK, MESSAGE, REFER\r\nSupported: 100rel, timer, replaces, "
	 "norefersub\r\n"
	 "Accept: application/sdp, application/dialog-info+xml\r\nServer: Asterisk PBX "
	 "22.10.1\r\n",
	 ""},
	{"FreeSWITCH",
	 "User-Agent: FreeSWITCH-mod_sofia/1.11.3-dev\r\nAccept: "
	 "application/sdp\r\nAllow: "
	 "INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER\r\n"
	 "Supported: timer, path, replaces\r\nAllow-Events: talk, hold\r\n",
	 ""},
	{"baresip",
	 "Server: baresip v1.0.0\r\nAllow: INVITE,ACK,BYE\r\nSupported: gruu\r\n",
	 "v=0\r\no=- 111 222 IN IP4 192.0.2.1\r\nm=audio 10 RTP/AVP 0 8\r\n"
	 "a=rtpmap:0 PCMU/8000\r\n"},
	{"SIPp", "", ""},
	{"an SBC",
	 "Allow: INVITE,ACK,CANCEL,BYE\r\nSupported:100rel\r\nServer: SBC/7.2\r\n", ""},
	{"a PBX", "Allow: invite\r\nAllow: ACK\r\nk: timer\r\nUser-Agent: PBX\r\n", ""},
	{"a proxy", "Server: p\r\nAccept: */*\r\nSupported:\r\n", ""},
};

static void test_a_day(void)
{
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		const struct server *v = &servers[i];
		struct scene s = {.now_s = 1000};
		char fields[TEXT];

		for (int n = 0; n < DAY; n++)
			see(&s, 200, v->fields, v->body);
		ok(!s.count, "%s, a day: no change", v->name);
		snprintf(fields, sizeof(fields), "%sSupported: new-tag\r\n", v->fields);
		for (int n = 0; n < 100; n++)
			see(&s, 200, fields, v->body);
		ok(s.count == 1 && s.counts[PEER_SUPPORTED] == 1,
		   "%s: one change, told once", v->name);
		ok(s.before_s == 1030 && s.now_told_s == 1000 + (DAY + 1) * 30,
		   "%s: since when each was there", v->name);
		scene_end(&s);
	}
}

static void test_session_numbers(void)
{
	struct scene s = {.now_s = 1};
	char body[TEXT];

	for (int n = 0; n < DAY; n++) {
		snprintf(
			body, sizeof(body),
			"v=0\r\no=- %d %d IN IP4 192.0.2.1\r\nm=audio %d RTP/AVP 0 %d\r\n"
			"a=rtpmap:%d opus/48000/2\r\n",
			n, n * 7, 1024 + n, 96 + n % 9, 96 + n % 9);
		see(&s, 200, "", body);
	}
	ok(!s.count && s.traits == 1U << PEER_SDP, "numbers of an SDP are no change");
	see(&s, 200, "", "v=0\r\nm=audio 1 RTP/AVP 0\r\n");
	is_int(s.counts[PEER_SDP], 1, "a codec that is gone is one");
	is_str(s.before, "opus/48000/2, pcmu/8000", "before");
	is_str(s.now, "pcmu/8000", "now");
	scene_end(&s);
}

static const char asterisk[] = "Allow: A, B\r\nServer: Asterisk\r\n";

static void test_codes(void)
{
	struct scene s = {.now_s = 1};

	for (int n = 0; n < 500; n++) {
		see(&s, 401, "Server: Asterisk\r\n", "");
		see(&s, 200, asterisk, "");
		see(&s, 503, "Server: edge\r\n", "");
		see(&s, 404, "Server: edge\r\n", "");
	}
	is_int(s.count, 0, "codes that take turns are compared with their own");
	see(&s, 404, "Server: edge 2\r\n", "");
	ok(s.count == 1 && s.counts[PEER_SOFTWARE] == 1, "each with its own");
	is_str(s.before, "edge", "what that code showed before");
	see(&s, 200, "Allow: A, B\r\nServer: edge\r\n", "");
	is_int(s.counts[PEER_SOFTWARE], 2, "another code's value is none of this one's");
	scene_end(&s);
}

static void test_turns(void)
{
	static const char *const farm[] = {
		"Server: a\r\nAllow: X\r\n", "Server: b\r\nAllow: X\r\n",
		"Server: c\r\nAllow: X\r\n", "Server: d\r\nAllow: X\r\n"};
	struct scene s = {.now_s = 1}, t = {.now_s = 1};

	for (int n = 0; n < 1000; n++)
		see(&s, 200, farm[n % 2], "");
	ok(s.count == 1 && s.counts[PEER_SOFTWARE] == 1,
	   "two servers behind one address: one change");
	for (int n = 0; n < 1000; n++)
		see(&s, 200, farm[n * 7 % 4], "");
	is_int(s.count, 3, "four: three");
	see(&s, 200, "Server: a\r\nAllow: Y\r\n", "");
	ok(s.count == 4 && s.counts[PEER_ALLOW] == 1, "and what is new of them is told");
	for (int n = 0; n < 6; n++)
		see(&t, 200, n % 2 ? "Server: x\r\n" : "Allow: A\r\n", "");
	ok(t.counts[PEER_SOFTWARE] == 1 && t.counts[PEER_ALLOW] == 1,
	   "one that lacks a field is like any other");
	is_int(t.traits, 1 << PEER_ALLOW | 1 << PEER_SOFTWARE, "what was ever seen");
	scene_end(&s);
	scene_end(&t);
}

/* The last two values, and since when each was there. */
static void test_times(void)
{
	struct scene s = {.now_s = 1000};

	see(&s, 200, "Server: a\r\nAllow: X\r\n", "");
	see(&s, 200, "Server: a\r\nAllow: Y\r\n", "");
	see(&s, 200, "Server: b\r\nAllow: Y\r\n", "");
	is_str(s.before, "a", "before");
	is_int(s.before_s, 1030, "since it was there first, in whatever company");
	is_int(s.now_told_s, 1090, "and now");
	see(&s, 200, "Server: a\r\nAllow: X\r\n", "");
	see(&s, 200, "Server: c\r\nAllow: X\r\n", "");
	is_str(s.before, "a", "what was there last, though it was no change");
	scene_end(&s);
}

/* Old ones go: their like is told again, long after. */
static void test_forgetting(void)
{
	struct scene s = {.now_s = 1};
	char fields[64];

	for (int n = 0; n < 50; n++) {
		snprintf(fields, sizeof(fields), "Server: v%d\r\n", n);
		for (int k = 0; k < 3; k++)
			see(&s, 200, fields, "");
	}
	is_int(s.count, 49, "each other version is a change");
	see(&s, 200, "Server: v46\r\n", "");
	is_int(s.count, 49, "one of the last four is known");
	is_int(fingerprint_table_count(fingerprints), 4, "no more than those are kept");
	see(&s, 200, "Server: v0\r\n", "");
	is_int(s.count, 50, "a former one is not");
	for (unsigned code = 200; code < 300; code++)
		see(&s, code, "Server: x\r\n", "");
	ok(fingerprint_table_count(fingerprints) <=
		   FINGERPRINT_HISTORY_KEPT * FINGERPRINT_HISTORY_CODES,
	   "a hundred codes are not all kept");
	scene_end(&s);
	is_int(fingerprint_table_count(fingerprints), 0, "nothing stays");
}

static void test_in_other_words(void)
{
	struct scene s = {.now_s = 1};

	for (int n = 0; n < 100; n++)
		see(&s, 200,
		    n % 2 ? "Allow: ACK, BYE\r\n" : "Allow: bye,ack\r\nAllow: BYE\r\n",
		    "");
	is_int(s.count, 0, "a set in another order is the same");
	is_int(fingerprint_table_count(fingerprints), 1, "and kept once");
	scene_end(&s);
}

int main(void)
{
	if (fingerprint_table_alloc(&fingerprints))
		return 1;
	test_a_day();
	test_session_numbers();
	test_codes();
	test_turns();
	test_times();
	test_forgetting();
	test_in_other_words();
	mem_deref(fingerprints);
	return tap_done();
}
