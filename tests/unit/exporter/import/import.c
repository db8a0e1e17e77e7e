/* Imports of other servers' configurations: samples, and what the field has besides. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/unit/captured.h"
#include "tests/unit/exporter/import/imported.h"
#include "tests/unit/exporter/store/kept.h"
#include "tests/unit/tap.h"

static void test_samples(const char *data)
{
	static const char *const sources[] = {"kamailio", "asterisk", "freeswitch"};
	static char text[65536];

	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		char path[512], name[32];
		struct import_text in = {name, text, 0};
		struct imported im;

		snprintf(name, sizeof(name), "%s.in", sources[i]);
		snprintf(path, sizeof(path), "%s/import/%s", data, name);
		in.len = kept_read(text, sizeof(text), path);
		ok(in.len > 0 && in.len < sizeof(text), "%s was read", name);
		im = import_make(sources[i], &in, 1);
		is_int(im.err, 0, "it is imported");
		snprintf(path, sizeof(path), "%s/import/%s.json", data, sources[i]);
		is_kept(im.out, path, "as that configuration");
		snprintf(path, sizeof(path), "%s/import/%s.notes", data, sources[i]);
		is_kept(im.notes, path, "with these notes");
		ok(!strstr(im.out, "do-not-print-me") &&
			   !strstr(im.notes, "do-not-print-me"),
		   "and no password");
		imported_free(&im);
	}
}

#define GATEWAY(name, params) "<gateway name=\"" name "\">" params "</gateway>"
#define PARAM(name, value)    "<param name=\"" name "\" value=\"" value "\"/>"
#define UNREGISTERED	      PARAM("register", "false")

static const struct {
	const char *source;
	const char *text;
	const char *trunks; /* as JSON without spaces; NULL: there is none */
	const char *note;   /* among the notes */
} texts[] = {
	/* dispatcher.list */
	{"kamailio", "1 sip:a.example 0 0 duid=x\n",
	 "[{\"name\":\"x\",\"uri\":\"sip:a.example\",\"labels\":{\"dispatcher_set\":"
	 "\"1\"}"
	 "}]",
	 "1 trunk\n"},
	{"kamailio", "2\t10.0.0.2:5070\r\n",
	 "[{\"name\":\"10.0.0.2:5070\",\"uri\":\"sip:10.0.0.2:5070\",\"labels\":{"
	 "\"dispatcher_set\":\"2\"}}]",
	 "1 trunk\n"},
	{"kamailio", "1 sip:230.0.113.10\n2 sip:0.0.0.0:5070\n", NULL,
	 "left out: destination \"sip:230.0.113.10\": "},
	{"kamailio", "1 sip:10.0.0.2 0 0 socket=udp:0.0.0.0:5060\n",
	 "[{\"name\":\"10.0.0.2\",\"uri\":\"sip:10.0.0.2\",\"labels\":"
	 "{\"dispatcher_set\":\"1\"}}]",
	 NULL},
	{"kamailio", "3 sip:[2001:db8::1]:5060 # no line end",
	 "[{\"name\":\"[2001:db8::1]:5060\",\"uri\":\"sip:[2001:db8::1]:5060\","
	 "\"labels\":"
	 "{\"dispatcher_set\":\"3\"}}]",
	 NULL},
	{"kamailio", "1 sip:a.example 4\n",
	 "[{\"name\":\"a.example\",\"uri\":\"sip:a.example\",\"labels\":{\"dispatcher_"
	 "set\":\"1\"},\"paused\":true}]",
	 "in:1: paused: \"a.example\" is disabled (flag 4)"},
	{"kamailio", "1 sip:a.example 32\n",
	 "[{\"name\":\"a.example\",\"uri\":\"sip:a.example\",\"labels\":{\"dispatcher_"
	 "set\":\"1\"},\"paused\":true}]",
	 "not to be pinged (flag 32)"},
	{"kamailio", "1 sip:a.example 1\n",
	 "[{\"name\":\"a.example\",\"uri\":\"sip:a.example\",\"labels\":{\"dispatcher_"
	 "set\":\"1\"},\"paused\":true}]",
	 "inactive (flag 1) and not probed"},
	{"kamailio", "1 sip:a.example 9\n",
	 "[{\"name\":\"a.example\",\"uri\":\"sip:a.example\",\"labels\":{\"dispatcher_"
	 "set\":\"1\"}}]",
	 NULL},
	{"kamailio", "1 sip:a.example 0 7\n",
	 "[{\"name\":\"a.example\",\"uri\":\"sip:a.example\",\"labels\":{\"dispatcher_"
	 "set\":\"1\"}}]",
	 "in:1: left out: priority 7 says nothing of probing"},
	{"kamailio", "1 sip:a.example 0 0 weight=5;socket=udp:192.0.2.9:5060\n",
	 "[{\"name\":\"a.example\",\"uri\":\"sip:a.example\",\"labels\":{\"dispatcher_"
	 "set\":\"1\"},\"local\":{\"address\":\"192.0.2.9\"}}]",
	 "changed: probes leave from any port, 5060 is Kamailio's"},
	{"kamailio", "1 sip:a.example 0 0 socket=udp:0.0.0.0\n",
	 "[{\"name\":\"a.example\",\"uri\":\"sip:a.example\",\"labels\":{\"dispatcher_"
	 "set\":\"1\"}}]",
	 NULL},
	{"kamailio", "1 sip:a.example 0 0 socket=eth0\n",
	 "[{\"name\":\"a.example\",\"uri\":\"sip:a.example\",\"labels\":{\"dispatcher_"
	 "set\":\"1\"}}]",
	 "left out: socket=eth0 is no address"},
	{"kamailio", "1 sip:a.example 0 0 socket=udp:me.example\n",
	 "[{\"name\":\"a.example\",\"uri\":\"sip:a.example\",\"labels\":{\"dispatcher_"
	 "set\":\"1\"}}]",
	 "left out: socket=udp:me.example is no address"},
	{"kamailio",
	 "1 sip:a.example 0 0 ping_from=sip:me@x.example;obproxy=sip:p.example\n",
	 "[{\"name\":\"a.example\",\"uri\":\"sip:a.example\",\"labels\":{\"dispatcher_"
	 "set\":\"1\"},\"outbound_proxy\":\"sip:p.example\",\"from\":\"sip:me@x."
	 "example\"}"
	 "]",
	 NULL},
	{"kamailio", "1 sip:a.example 0 0 duid=\\\"\n2 sip:b.example\n",
	 "[{\"name\":\"\\\\\\\"\",\"uri\":\"sip:a.example\",\"labels\":{\"dispatcher_"
	 "set\":"
	 "\"1\"}},{\"name\":\"b.example\",\"uri\":\"sip:b.example\",\"labels\":{"
	 "\"dispatcher_set\":\"2\"}}]",
	 "2 trunks\n"},
	{"kamailio", "# nothing\n\n", NULL, ""},
	{"kamailio", "x sip:a.example\n", NULL,
	 "in:1: left out: not of the form SET DESTINATION"},
	{"kamailio", "1\n", NULL, "in:1: left out: not of the form SET DESTINATION"},
	{"kamailio", "2147483648 sip:a.example\n", NULL, "left out: not of the form"},
	{"kamailio", "1 http://a/\n", NULL, "in:1: left out: destination \"http://a/\""},
	{"kamailio", "1 sip:a.example zero\n", NULL,
	 "in:1: left out: flags and priority are not numbers"},
	{"kamailio", "1 sip:a.example 0 x\n", NULL,
	 "in:1: left out: flags and priority are not numbers"},
	{"kamailio", "1 sip:a.example 0 0 duid=\xff\n", NULL, "is not UTF-8"},
	{"kamailio", "1 sip:a.example 0 0 duid=a\001b\n", NULL,
	 "in:1: left out: the name"},

	/* pjsip.conf */
	{"asterisk",
	 "[a]\r\ntype => aor\r\ncontact => sip:u@a.example ; c\r\n"
	 "[a](+)\nqualify_frequency=15 ;-- not\n qualify_frequency=99 --;\n"
	 "qualify_timeout = 2.5\n[b](nobody)\ntype=aor\ncontact=mailto:x\n",
	 "[{\"name\":\"a\",\"uri\":\"sip:u@a.example\",\"interval\":\"15s\",\"timeout\":"
	 "\"2s500ms\"}]",
	 "in:8: left out: there is no template \"nobody\""},
	{"asterisk",
	 "\r\n[a]\r\nType = AOR\r\nCONTACT=sip:10.0.0.1:5060, sip:10.0.0.2,,\r\n"
	 "#exec /bin/true\r\nqualify_frequency=60\n",
	 "[{\"name\":\"a\",\"uri\":\"sip:10.0.0.1:5060\",\"interval\":\"1m\"},{\"name\":"
	 "\"a-2\",\"uri\":\"sip:10.0.0.2\",\"interval\":\"1m\"}]",
	 "in:5: left out: #exec is not run"},
	{"asterisk",
	 "[b]\ntype=aor\ncontact=<sip:10.0.0.3\\;transport=tcp>\nqualify_frequency=9\n",
	 "[{\"name\":\"b\",\"uri\":\"sip:10.0.0.3;transport=tcp\",\"interval\":\"9s\"}]",
	 NULL},
	{"asterisk",
	 "[e]\ntype=endpoint\naors=e\noutbound_auth=e\nfrom_user=u\n[e]\ntype=aor\n"
	 "contact=sip:e.example\nqualify_frequency=7\n[e]\ntype=auth\nusername=u\n",
	 "[{\"name\":\"e\",\"uri\":\"sip:e.example\",\"interval\":\"7s\"}]",
	 "left out: from_user without from_domain"},
	{"asterisk",
	 "[e]\ntype=endpoint\naors=e\noutbound_auth=none\n[e]\ntype=aor\n"
	 "contact=sip:e.example\nqualify_frequency=7\n",
	 "[{\"name\":\"e\",\"uri\":\"sip:e.example\",\"interval\":\"7s\"}]",
	 "left out: outbound_auth = none names no section of type auth"},
	{"asterisk",
	 "[t]\ntype=transport\nprotocol=tcp\n[e]\ntype=endpoint\naors=e\ntransport=t\n"
	 "outbound_proxy=sip:p.example\n[e]\ntype=aor\ncontact=sip:e.example\n"
	 "qualify_frequency=86401\nqualify_timeout=x\n",
	 "[{\"name\":\"e\",\"uri\":\"sip:e.example;transport=tcp\",\"interval\":\"24h\","
	 "\"outbound_proxy\":\"sip:p.example\"}]",
	 "changed: interval \"86401\" to 24h"},
	{"asterisk",
	 "[r]\ntype=registration\nserver_uri=sip:s.example\nclient_uri=sip:u@s.example\n",
	 "[{\"name\":\"r\",\"uri\":\"sip:s.example\",\"method\":\"REGISTER\","
	 "\"register\":{"
	 "\"aor\":\"sip:u@s.example\"}}]",
	 "is asked whether its registration stands; nothing is registered"},
	{"asterisk", "[r]\ntype=registration\nserver_uri=mailto:x\n", NULL, "left out: "},
	{"asterisk", "contact=sip:a.example\n", NULL,
	 "in:1: left out: a setting outside of a section"},
	{"asterisk", "[a\n", NULL, "in:1: left out: a section without ']'"},
	{"asterisk", "[a]\nrubbish\n", NULL,
	 "in:2: left out: neither a section nor a setting"},

	/* gateways */
	{"freeswitch", GATEWAY("g", PARAM("proxy", "10.0.0.1") UNREGISTERED),
	 "[{\"name\":\"g\",\"uri\":\"sip:10.0.0.1\"}]", "1 trunk\n"},
	{"freeswitch",
	 "<include>" GATEWAY("g", PARAM("realm", "r.example") PARAM("ping", "25")
					  PARAM("register-transport", "tls") PARAM(
						  "username", "u") PARAM("password", "p"))
		 GATEWAY("h", PARAM("register-proxy", "h.example") PARAM("from-user", "f")
				      PARAM("from-domain", "d")) "</include>",
	 "[{\"name\":\"g\",\"uri\":\"sip:r.example;transport=tls\",\"interval\":\"25s\","
	 "\"from\":\"sip:u@r.example\",\"method\":[\"OPTIONS\",\"REGISTER\"],"
	 "\"register\":"
	 "{\"aor\":\"sip:u@r.example\"},\"auth\":{\"username\":\"u\",\"password_file\":"
	 "\"g.secret\"}},{\"name\":\"h\",\"uri\":\"sip:h.example\",\"from\":\"sip:f@d\","
	 "\"method\":\"REGISTER\",\"register\":{\"aor\":\"sip:f@d\"}}]",
	 "to do: put the password that stands here into g.secret"},
	{"freeswitch",
	 GATEWAY("g", PARAM("proxy", "10.0.0.1") UNREGISTERED PARAM("ping", "soon") PARAM(
			      "codec", "x") PARAM("outbound-proxy", "sip:o.example")),
	 "[{\"name\":\"g\",\"uri\":\"sip:10.0.0.1\",\"outbound_proxy\":\"sip:o.example\"}"
	 "]",
	 "left out: codec says nothing of probing"},
	{"freeswitch",
	 GATEWAY("g", PARAM("proxy", "10.0.0.1") UNREGISTERED PARAM("username", "a\\b")
			      PARAM("password", "p")),
	 "[{\"name\":\"g\",\"uri\":\"sip:10.0.0.1\"}]", "auth.username"},
	{"freeswitch", GATEWAY("g", PARAM("proxy", "${host}") UNREGISTERED), NULL,
	 "left out: gateway \"g\", as its host is a variable"},
	{"freeswitch",
	 GATEWAY("g", PARAM("proxy", "10.0.0.1") UNREGISTERED PARAM("username", "${u}")),
	 "[{\"name\":\"g\",\"uri\":\"sip:10.0.0.1\"}]",
	 "left out: username holds a variable, whose value is not here"},
	{"freeswitch",
	 "<include><X-PRE-PROCESS cmd=\"include\"/>" GATEWAY("", "")
		 GATEWAY("a", PARAM("proxy", "x y")) "</include>",
	 NULL, "left out: a gateway without a name"},
	{"freeswitch", "<include/>", NULL, ""},
	{"freeswitch", "<include>\n<gateway>", NULL,
	 "in:2: left out: a gateway without a name"},
	{"freeswitch",
	 "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><include/>", NULL,
	 "in:1: a document type, and so entities, are refused"},
};

/* The trunks of a configuration as JSON without spaces; freed by the caller. */
static char *trunks_of(const char *text)
{
	cJSON *tree = cJSON_Parse(text);
	const cJSON *trunks = cJSON_GetObjectItem(tree, "trunks");
	char *out = trunks ? cJSON_PrintUnformatted(trunks) : NULL;

	cJSON_Delete(tree);
	return out;
}

static void test_texts(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct import_text in = {"in", texts[i].text, strlen(texts[i].text)};
		struct imported im = import_make(texts[i].source, &in, 1);
		char *trunks = trunks_of(im.out);

		printf("# %s, text %zu\n", texts[i].source, i);
		is_str(trunks, texts[i].trunks, "its trunks");
		ok(!im.err == !!texts[i].trunks, "an error where there is none");
		if (!ok(!texts[i].note || strstr(im.notes, texts[i].note), "its note"))
			printf("# notes: %s# want: %s\n", im.notes, texts[i].note);
		free(trunks);
		imported_free(&im);
	}
}

static void test_several(void)
{
	static const char first[] = "[tpl](!)\ntype=aor\nqualify_frequency=20\n";
	static const char second[] = "[x](tpl)\ncontact=sip:x.example\n";
	const struct import_text in[] = {{"a", first, sizeof(first) - 1},
					 {"b", second, sizeof(second) - 1}};
	struct imported im = import_make("asterisk", in, 2);
	char *trunks = trunks_of(im.out);

	is_str(trunks,
	       "[{\"name\":\"x\",\"uri\":\"sip:x.example\",\"interval\":\"20s\"}]",
	       "two files are one");
	free(trunks);
	imported_free(&im);
	im = import_make("yate", in, 2);
	is_int(im.err, ENOENT, "a source that does not exist");
	imported_free(&im);
}

/* A name that is taken gets a number, also when that name is taken. */
static void test_names(void)
{
	static const char text[] = "0 sip:a:5060\n1 sip:a:5060\n2 sip:a:5060\n"
				   "4 sip:b 0 0 duid=a:5060-2\n";
	const struct import_text in = {"in", text, sizeof(text) - 1};
	struct imported im = import_make("kamailio", &in, 1);

	for (const char *const *n =
		     (const char *const[]){"\"a:5060\"", "\"a:5060-2\"", "\"a:5060-3\"",
					   "\"a:5060-2-2\"", NULL};
	     *n; n++)
		ok(im.out && strstr(im.out, *n), "there is %s", *n);
	imported_free(&im);
}

/* --- the command line --- */

static const struct {
	const char *args[4];
	int code;
	const char *out; /* something in standard output, or NULL for nothing */
	const char *err;
} lines[] = {
	{{"--help"}, 0, "Usage: siptrunk_exporter import SOURCE FILE...", NULL},
	{{"kamailio", "-h"}, 0, "\n  kamailio ", NULL},
	{{NULL}, 2, NULL, "it needs a source"},
	{{"yate", "x"},
	 2,
	 NULL,
	 "none of kamailio, opensips, asterisk, freeswitch: yate"},
	{{"kamailio"}, 2, NULL, "it needs a file after kamailio"},
	{{"kamailio", "--loud", "x"}, 2, NULL, "unknown flag --loud"},
	{{"kamailio", "/nonexistent/none"},
	 1,
	 NULL,
	 "siptrunk_exporter: import: /nonexistent/none: No such file or directory\n"},
	{{"kamailio", "FILE"}, 0, "\"name\": \"a.example\"", "1 trunk\n"},
	{{"freeswitch", "FILE"}, 1, NULL, "it is not what it should be, see above"},
	{{"asterisk", "FILE"}, 1, NULL, "no trunk found"},
};

static void test_lines(void)
{
	static struct captured c;
	char path[] = "/tmp/siptrunk-import-XXXXXX";
	int fd = mkstemp(path);

	/* With the mark that Windows' editors put before UTF-8. */
	if (fd < 0 || write(fd,
			    "\xef\xbb\xbf"
			    "1 sip:a.example\n",
			    19) != 19)
		exit(1);
	close(fd);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char *argv[5] = {0};
		int argc = 0, code;

		for (; lines[i].args[argc]; argc++)
			argv[argc] = !strcmp(lines[i].args[argc], "FILE")
					     ? path
					     : (char *)(uintptr_t)lines[i].args[argc];
		captured_begin(&c);
		code = import_cli(argc, argv);
		captured_end(&c);
		is_int(code, lines[i].code, "the exit code");
		ok(lines[i].out ? strstr(c.text[0], lines[i].out) != NULL : !c.text[0][0],
		   "standard output");
		ok(lines[i].err ? strstr(c.text[1], lines[i].err) != NULL : !c.text[1][0],
		   "standard error: %s", lines[i].err ? lines[i].err : "nothing");
	}
	unlink(path);
}

int main(int argc, char *argv[])
{
	test_samples(argc > 1 ? argv[1] : "tests/data");
	test_texts();
	test_several();
	test_names();
	test_lines();
	return tap_done();
}
