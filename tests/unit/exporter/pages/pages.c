/* The pages: what they say of trunks in every state, and no markup from outside in it. */
#include <errno.h>

#include "exporter/pages/assets.h"
#include "exporter/pages/http_paths.h"
#include "exporter/pages/page_notes.h"
#include "exporter/pages/page_text.h"
#include "exporter/pages/pages.h"
#include "exporter/store/problems.h"
#include "tests/unit/exporter/pages/site.h"

/* How often a text holds a word. */
static int times(const char *text, const char *word)
{
	int count = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		count++;
	return count;
}

static void holds(const char *page, const char *word, const char *name)
{
	if (!ok(strstr(page, word) != NULL, "%s", name))
		printf("# wanted: %s\n", word);
}

/* Whether words stand in this order. */
static bool ordered(const char *page, const char *const words[])
{
	for (size_t i = 0; words[i]; i++) {
		page = strstr(page, words[i]);
		if (!page)
			return false;
		page += strlen(words[i]);
	}
	return true;
}

static void no_markup(const char *page)
{
	static const char *const inside[] = {"<b>\"", "Oslo <b>",  "<i>\"",  "\"<i>",
					     "9<9",   "<expired>", "<wait>", "<name>"};

	for (size_t i = 0; i < sizeof(inside) / sizeof(*inside); i++)
		if (strstr(page, inside[i])) {
			ok(false, "not as it came: %s", inside[i]);
			return;
		}
	ok(true, "nothing from outside is markup");
}

static const char *list_ask(struct site *s, struct buffer *b)
{
	buffer_clear(b);
	is_int(pages_list(b, &s->q), 0, "a list");
	return site_end(b);
}

static void test_list(struct site *s)
{
	static const char *const urgency[] = {"b/&quot;&lt;i&gt;</a>",
					      "gamma</a>",
					      "epsilon</a>",
					      "alpha</a>",
					      "delta</a>",
					      NULL};
	struct buffer b = {0};
	const char *page = list_ask(s, &b);

	no_markup(page);
	is_int(times(page, "<tr role=\"row\">") - times(page, "<thead"), SITE_TRUNKS,
	       "a row a trunk");
	holds(page, "href=\"trunks/b%2F%22%3Ci%3E\"", "a name becomes a path");
	holds(page, "Oslo &lt;b&gt;", "labels");
	holds(page, "9&lt;9", "the version");
	holds(page, "href=\"metrics\"", "where metrics are");
	holds(page, "5 trunks", "how many match");
	holds(page, "<span class=\"none\">not probed yet</span>", "one without a result");
	holds(page, "Try &quot;later&quot; &amp; &lt;wait&gt;", "what was said");
	holds(page, "12.3 ms", "how long it took");
	holds(page, "<span class=\"bad\">expired</span>", "a certificate past its end");
	holds(page, "all <span class=\"count\">5</span>", "all of them counted");
	holds(page, "down <span class=\"count\">1</span>", "and by state");
	ok(ordered(page, urgency), "what is wrong comes first");
	holds(page, "<span class=\"note warn\">1 of 2 addresses</span>",
	      "some addresses of one");
	holds(page, "<span class=\"badge paused\">paused</span>", "who is paused");
	holds(page, "paused <span class=\"count\">1</span>", "how many are");
	holds(page, "unknown <span class=\"count\">1</span>", "who is not, in unknown");
	buffer_clear(&b);
}

static void test_chosen(struct site *s)
{
	struct buffer b = {0};
	const char *page;

	site_arg(s, "state", "down");
	page = list_ask(s, &b);
	holds(page, "1 trunk", "one that is down");
	ok(!strstr(page, "alpha</a>"), "and no other");
	holds(page, "data-state=\"down\" aria-current=\"true\"",
	      "what was chosen is shown");
	s->q.arg_count = 0;
	site_arg(s, "state", "sideways");
	site_arg(s, "q", "oslo \"<");
	page = list_ask(s, &b);
	holds(page, "0 trunks", "words that none has");
	holds(page, "oslo &quot;&lt;", "stand in the field again");
	holds(page, "data-state=\"\" aria-current=\"true\"",
	      "a state that does not exist is none");
	s->q.arg_count = 0;
	buffer_clear(&b);
}

/* More than a page shows: the first, and how many there are. */
static void test_many(void)
{
	static const double bounds[] = {1};
	struct http_site site = {.telemetry_path = (char *)(uintptr_t) "/m",
				 .version = (char *)(uintptr_t) "1"};
	struct http_query q = {.site = &site};
	struct config_trunk t = {.uri = "sip:192.0.2.1"};
	struct buffer b = {0};
	char name[16];

	if (store_alloc(&site.store, bounds, 1))
		exit(1);
	t.name = name;
	for (int i = 0; i < PAGES_ROWS + 7; i++) {
		snprintf(name, sizeof(name), "t%04d", i);
		store_trunk_add(site.store, &t);
	}
	is_int(pages_list(&b, &q), 0, "a list of many");
	(void)site_end(&b);
	is_int(times(b.data, "href=\"trunks/"), PAGES_ROWS, "shows the first of them");
	holds(b.data, "207 trunks, the first 200 of them here", "and says so");
	buffer_clear(&b);
	store_free(site.store);
}

static const char *trunk_ask(struct site *s, struct buffer *b, const char *name, int err)
{
	buffer_clear(b);
	is_int(pages_trunk(b, &s->q, name), err, name);
	return site_end(b);
}

static const struct {
	const char *trunk;
	const char *word;
	const char *name;
} facts[] = {
	{"alpha", "Oslo &lt;b&gt;", "its labels"},
	{"alpha", "1 of 2", "addresses that answer"},
	{"alpha", "192.0.2.1:5060", "its target"},
	{"alpha", "A success, to compare", "the ladder of a success"},
	{"alpha", "Latency of the last 25 probes, from 0 to 12.3 ms; none failed",
	 "its last probes"},
	{"alpha", "SRV priority, weight</dt><dd>10, 20", "what SRV says"},
	{"alpha", " more</span>", "entries left out of a ladder"},
	{"alpha", "OPTIONS sip:x</bdi>", "the gist of a request"},
	{"alpha", "Message, 38 bytes", "the message itself"},
	{"alpha", "the deadline passed", "a ladder's end"},
	{"alpha", "TLS handshake done, peer verified", "its handshake"},
	{"alpha", "bytes that are not SIP", "its garbage"},
	{"b/\"<i>", "<span class=\"bad\">not verified</span>", "a chain without trust"},
	{"b/\"<i>", "CN=b.example&lt;", "and whose it is"},
	{"b/\"<i>", "3 certificates, ", "of how many"},
	{"b/\"<i>", "9999-12-31 23:59:59 UTC</time>, ends in ",
	 "one without an end, as RFC 5280 4.1.2.5 has it"},
	{"delta", "9999-12-31 00:00:00 UTC</time>, for ", "until when it is paused"},
	{"b/\"<i>", "1 more are not shown", "not all of them"},
	{"b/\"<i>", "TLSv1.3 AES", "over what"},
	{"b/\"<i>", "Certificate ends in", "its end"},
	{"b/\"<i>", "<p class=\"next\"><b>Next:</b>", "what to do about it"},
	{"b/\"<i>", "TLS failed", "how the connection ended"},
	{"b/\"<i>", "Latency of the last 1 probe;", "one probe"},
	{"gamma", "Profile</dt><dd>p", "its profile"},
	{"gamma", "Call-ID <code>id-8</code>", "the Call-ID to look for"},
	{"gamma", "a response, too late", "an answer after the end"},
	{"gamma", "Packets lost</dt><dd>0.5 % (3 of 600)", "what was lost"},
	{"alpha", "Packets lost</dt><dd>not known yet", "nothing settled yet"},
	{"gamma", "marks below are the 3 that did not succeed", "failures counted"},
	{"gamma", "fall</dt><dd>7", "settings in force"},
	{"gamma", "Not set</dt><dd>", "and those that are not"},
	{"delta", "Failed look-ups of its name</dt><dd>1, at last <bdi>no such &lt;name",
	 "a name that does not resolve"},
	{"epsilon", "none yet", "one without a probe"},
};

static void test_trunks(struct site *s)
{
	struct buffer b = {0};
	const char *shown = "", *page = "";

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		if (strcmp(shown, facts[i].trunk) != 0) {
			shown = facts[i].trunk;
			page = trunk_ask(s, &b, shown, 0);
			no_markup(page);
		}
		holds(page, facts[i].word, facts[i].name);
	}
	page = trunk_ask(s, &b, "<nobody>", ENOENT);
	holds(page, "&lt;nobody&gt;", "an unknown name is escaped too");
	buffer_clear(&b);
}

/* A peer that works, and whose machine may yet ban us for asking. */
static void test_caution(struct site *s)
{
	struct probe_result r = site_result(PROBE_RESPONSE, 401, "Unauthorized", 900);
	struct buffer b = {0};

	r.verdict = PROBE_UP;
	ok(!strstr(trunk_ask(s, &b, "epsilon", 0), "fail2ban"), "nothing to tell yet");
	site_probe(s, 4, r);
	holds(trunk_ask(s, &b, "epsilon", 0), "identify section", "401: what to add");
	r = site_result(PROBE_RESPONSE, 200, "OK", 910);
	site_probe(s, 4, r);
	ok(!strstr(trunk_ask(s, &b, "epsilon", 0), "fail2ban"), "200: nothing to tell");
	buffer_clear(&b);
}

#define BIT(p) (1U << (p))

static const struct {
	const char *name;
	struct page_notes notes;
	const char *want; /* classes and words */
} notes[] = {
	{"all is well", {.addresses = 1, .addresses_up = 1, .requests = 100}, ""},
	{"a packet of a hundred", {.requests = 100, .lost = 1}, "[]loss 1.0 %"},
	{"one of more", {.requests = 101, .lost = 1}, ""},
	{"too many",
	 {.requests = 100, .lost = 12, .problems = BIT(PROBLEM_PACKET_LOSS)},
	 "[warn]loss 12 %"},
	{"an outage is no loss",
	 {.requests = 100, .lost = 100, .problems = BIT(PROBLEM_DOWN)},
	 ""},
	{"nor is a dead address",
	 {.requests = 100,
	  .lost = 50,
	  .addresses = 2,
	  .addresses_up = 1,
	  .problems = BIT(PROBLEM_PARTIALLY_DOWN)},
	 "[warn]1 of 2 addresses"},
	{"all of several are down",
	 {.addresses = 3, .problems = BIT(PROBLEM_DOWN)},
	 "[]0 of 3 addresses"},
	{"the only one is", {.addresses = 1, .problems = BIT(PROBLEM_DOWN)}, ""},
	{"flapping",
	 {.problems = BIT(PROBLEM_FLAPPING) | BIT(PROBLEM_LATENCY_HIGH)},
	 "[bad]flapping[warn]slow"},
	{"what other columns say",
	 {.problems = BIT(PROBLEM_CERTIFICATE_EXPIRING) | BIT(PROBLEM_DEGRADED)},
	 ""},
	{"paused", {.paused = true, .addresses = 2, .requests = 9, .lost = 9}, ""},
};

/* Chips as "[class]words". */
static void notes_brief(char *out, size_t size, const char *html)
{
	static const char begin[] = "<span class=\"note";

	*out = '\0';
	while ((html = strstr(html, begin)) != NULL) {
		const char *class = html + sizeof(begin) - 1;
		const char *words = strchr(class, '>') + 1;

		class += *class == ' ';
		snprintf(out + strlen(out), size - strlen(out), "[%.*s]%.*s",
			 (int)strcspn(class, "\""), class, (int)strcspn(words, "<"),
			 words);
		html = words;
	}
}

static void test_notes(void)
{
	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++) {
		struct buffer b = {0};
		char brief[128];

		page_notes(&b, &notes[i].notes);
		notes_brief(brief, sizeof(brief), site_end(&b));
		is_str(brief, notes[i].want, notes[i].name);
		buffer_clear(&b);
	}
}

static void test_base64(void)
{
	static const char *const texts[][2] = {
		{"", ""},	 {"f", "Zg=="},	       {"fo", "Zm8="},
		{"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe\xfd", "//79"}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct buffer b = {0};

		page_base64(&b, (struct slice){texts[i][0], strlen(texts[i][0])});
		is_str(site_end(&b), texts[i][1], "RFC 4648");
		buffer_clear(&b);
	}
}

/* Without memory for all of it, the page says so, and which setting would help. */
static void test_lack(void)
{
	static const double bounds[] = {1};
	struct http_site site = {.telemetry_path = (char *)(uintptr_t) "/m",
				 .version = (char *)(uintptr_t) "1"};
	struct http_query q = {.site = &site};
	struct config_settings settings = {.methods = 1};
	struct config_trunk t = {
		.uri = "sip:192.0.2.1", .name = "a", .settings = &settings};
	struct engine_target target = {"OPTIONS", "192.0.2.1:5060", "udp"};
	struct buffer b = {0};
	struct store_trunk *row;

	if (store_alloc(&site.store, bounds, 1))
		exit(1);
	store_remember(site.store, 1000, 9000);
	row = store_trunk_add(site.store, &t);
	(void)store_target_add(site.store, row, &target);
	is_int(pages_trunk(&b, &q, "a"), 0, "a page");
	holds(site_end(&b), "There was no memory for its last probes", "what lacks");
	holds(b.data, "<code>status.memory_mib</code>, now 0", "and what would help");
	buffer_clear(&b);
	store_free(site.store);
}

static void test_busy(struct site *s)
{
	struct buffer b = {0};

	store_change_begin(s->site.store);
	is_int(pages_list(&b, &s->q), EBUSY, "no list while a configuration is applied");
	is_int(pages_trunk(&b, &s->q, "alpha"), EBUSY, "and no trunk");
	is_int((long long)b.len, 0, "nothing is written");
	store_change_end(s->site.store);
}

static const struct {
	const char *external;
	const char *prefix;
	const char *route; /* NULL: refused */
	const char *home;
} paths[] = {
	{NULL, NULL, "", "/"},
	{"http://x.example", NULL, "", "/"},
	{"http://x.example/", NULL, "", "/"},
	{"https://x.example/a/b/", NULL, "/a/b", "/a/b/"},
	{"/a", NULL, "/a", "/a/"},
	{"//a//", NULL, "/a", "/a/"},
	{"https://x.example/a", "/b", "/b", "/a/"},
	{"https://x.example/a", "/", "", "/a/"},
	{NULL, "b/", "/b", "/b/"},
	{"ftp://x.example/", NULL, NULL, NULL},
	{"http:///a", NULL, NULL, NULL},
	{"/a b", NULL, NULL, NULL},
	{"/a\r\nX: y", NULL, NULL, NULL},
	{NULL, "/a?b", NULL, NULL},
};

static void test_paths(void)
{
	char long_path[HTTP_PATHS_BYTES + 1], why[128];
	struct http_paths p;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		int err = http_paths_init(&p, paths[i].external, paths[i].prefix, why,
					  sizeof(why));

		is_int(err, paths[i].route ? 0 : EINVAL, "a URL and a prefix");
		if (err)
			continue;
		is_str(p.route, paths[i].route, "what requests begin with");
		is_str(p.home, paths[i].home, "where the landing page is");
	}
	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[0] = '/';
	long_path[HTTP_PATHS_BYTES] = '\0';
	is_int(http_paths_init(&p, NULL, long_path, why, sizeof(why)), EINVAL,
	       "a path that is too long");
	(void)http_paths_init(&p, NULL, "/a", why, sizeof(why));
	is_str(http_paths_below(&p, "/a/metrics"), "/metrics", "below the prefix");
	ok(!http_paths_below(&p, "/ab") && !http_paths_below(&p, "/b/metrics"),
	   "not below it");
}

static void test_assets(void)
{
	char path[128];

	ok(!assets_find("list.js"), "no file without the hash of all");
	snprintf(path, sizeof(path), "%s/list.js", assets_hash);
	ok(assets_find(path) && assets_find(path)->size > 100, "one with it");
	snprintf(path, sizeof(path), "%s-list.js", assets_hash);
	ok(!assets_find(path), "what only begins so is none");
	snprintf(path, sizeof(path), "%s/nothing.js", assets_hash);
	ok(!assets_find(path), "nor is what does not exist");
	snprintf(path, sizeof(path), "%s/list.html", assets_hash);
	ok(!assets_find(path), "a template is not served as it is");
	ok(assets_template("list.html") && !assets_template("x"), "but found by name");
}

int main(void)
{
	struct site s;

	site_open(&s);
	test_list(&s);
	test_chosen(&s);
	test_many();
	test_trunks(&s);
	test_caution(&s);
	test_busy(&s);
	test_paths();
	test_assets();
	test_notes();
	test_base64();
	test_lack();
	site_close(&s);
	return tap_done();
}
