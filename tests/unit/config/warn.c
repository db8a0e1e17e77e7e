/* Warnings: those of the reader beside those added later, where they point and bounds. */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "tests/unit/tap.h"

static const char file[] =
	"{\"sip\": {\"tls\": {\"insecure_skip_verify\": true,\n"
	"  \"server_name\": \"c.example\", \"session_lifetime\": \"5m\"}},\n"
	" \"trunks\": [\n"
	"  {\"name\": \"a\", \"uri\": \"sip:a.example\"},\n"
	"  {\"name\": \"b\", \"uri\": \"sip:b.example\",\n"
	"   \"tls\": {\"insecure_skip_verify\": true}}]}";

static char *printed(const struct config_errors *warnings)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	config_warnings_print(warnings, out);
	fclose(out);
	return text;
}

static void check_reader(const struct config *c)
{
	char *text = printed(&c->warnings);

	is_str(text,
	       "x.json:1:42: sip.tls.insecure_skip_verify: warning: sip.tls: "
	       "insecure_skip_verify is on, so the certificates of peers that connect "
	       "are "
	       "not verified\n"
	       "x.json:2:18: sip.tls.server_name: warning: sip.tls: server_name is of "
	       "connections that we open, and says nothing here\n"
	       "x.json:2:51: sip.tls.session_lifetime: warning: sip.tls: "
	       "session_lifetime is of connections that we open, and says nothing here\n"
	       "x.json:6:36: trunks[1].tls.insecure_skip_verify: warning: trunk \"b\": "
	       "insecure_skip_verify is on, so the peer's certificate is not verified\n",
	       "what the reader warns of, in the order of the text");
	free(text);
}

static void check_added(const struct config *c)
{
	struct config_errors more = {0};
	char *text;

	is_int(config_warn(&more, c, &c->trunks[1], "uri", "is %d", 1), 0,
	       "of a setting");
	is_int(config_warn(&more, c, &c->trunks[0], NULL, "is 2"), 0, "of a trunk");
	is_int(config_warn(&more, c, NULL, "sip.listen", "is 3"), 0, "of a section");
	is_int(config_warn(&more, c, NULL, NULL, "is 4"), 0, "of the whole");
	text = printed(&more);
	is_str(text,
	       "x.json:5:3: trunks[1].uri: warning: is 1\n"
	       "x.json:4:3: trunks[0]: warning: is 2\n"
	       "x.json: sip.listen: warning: is 3\n"
	       "x.json: warning: is 4\n",
	       "those added later, in the order they were found");
	free(text);
	for (unsigned i = 0; i < CONFIG_ERRORS_MAX; i++)
		config_warn(&more, c, NULL, NULL, "again");
	is_int((long long)more.count, CONFIG_ERRORS_MAX, "no more are kept than fit");
	is_int((long long)more.dropped, 4, "and the others counted");
	config_errors_clear(&more);
}

/* A pause that is over pauses nothing, and is worth a line until it is taken out. */
static void check_past(void)
{
	static const char past[] =
		"{\"defaults\": {\"paused\": \"until 2020-01-01T00:00Z\"},\n"
		" \"trunks\": [{\"name\": \"a\", \"uri\": \"sip:a.example\",\n"
		"  \"paused\": \"until 2999-01-01T00:00Z\"}]}";
	struct config_errors errs = {0};
	struct config *c = NULL;
	char *text;

	is_int(config_parse(&c, past, strlen(past), "x.json", &errs), 0, "it is good");
	if (!c)
		return;
	text = printed(&c->warnings);
	is_str(text,
	       "x.json:1:25: defaults.paused: warning: \"until 2020-01-01T00:00Z\" is "
	       "past: this pauses nothing any more\n",
	       "what is past is warned of, what is to come is not");
	ok(!config_pause_at(&c->defaults->pause, 1600000000) &&
		   config_pause_at(&c->trunks[0].settings->pause, 1600000000),
	   "and means that");
	free(text);
	config_free(c);
}

int main(void)
{
	struct config_errors errs = {0};
	struct config *c = NULL;

	is_int(config_parse(&c, file, strlen(file), "x.json", &errs), 0, "it is good");
	is_int((long long)errs.count, 0, "a warning is no error");
	if (!c)
		return tap_done();
	check_reader(c);
	check_added(c);
	check_past();
	config_free(c);
	return tap_done();
}
