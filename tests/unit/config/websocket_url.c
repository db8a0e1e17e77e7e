/* ws:// and wss:// as SIP URIs. */
#include "config/uri.h"
#include "tests/unit/tap.h"

static const struct {
	const char *url;
	const char *sip;  /* or NULL */
	const char *path; /* or NULL */
	const char *why;  /* or NULL */
} cases[] = {
	{"ws://a.example", "sip:a.example;transport=ws", NULL, NULL},
	{"wss://a.example/", "sip:a.example;transport=wss", "/", NULL},
	{"WSS://a.example:8089/ws", "sip:a.example:8089;transport=wss", "/ws", NULL},
	{"ws://[2001:db8::1]:80/a/b?c=d&e", "sip:[2001:db8::1]:80;transport=ws",
	 "/a/b?c=d&e", NULL},
	{"ws://192.0.2.1/~x%20y", "sip:192.0.2.1;transport=ws", "/~x%20y", NULL},
	{"ws:/a.example", NULL, NULL, "the scheme must be ws: or wss:"},
	{"sip:a.example", NULL, NULL, "the scheme must be ws: or wss:"},
	{"ws://u@a.example/", NULL, "/",
	 "a user stands in \"auth\" or \"from\", not in a ws: address"},
	{"ws://a.example;lr", NULL, NULL,
	 "after the host and port comes a path, which begins with '/'"},
	{"ws://a.example?x", NULL, NULL,
	 "after the host and port comes a path, which begins with '/'"},
	{"ws://a.example/a b", NULL, "/a b",
	 "a path holds a character that must be written as %HH"},
	{"ws://a.example/a#b", NULL, "/a#b",
	 "a path has no fragment, which begins with '#'"},
	{"ws://a.example/\xc3\xa5", NULL, "/\xc3\xa5",
	 "a path holds a character that must be written as %HH"},
};

static void check_case(size_t i)
{
	char sip[256] = "";
	const char *why = websocket_url_to_sip(sip, sizeof(sip), cases[i].url);
	const char *path = websocket_url_path(cases[i].url);
	struct config_uri uri;

	is_str(why, cases[i].why, cases[i].url);
	is_str(path, cases[i].path, "its path");
	if (why)
		return;
	is_str(sip, cases[i].sip, "as a SIP URI");
	ok(!config_uri_parse(sip, &uri) && config_transport_is_websocket(uri.transport),
	   "which is one");
}

int main(void)
{
	char small[24];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(i);
	is_str(websocket_url_to_sip(small, sizeof(small), "ws://a.example"),
	       "the address is too long", "it fits or is refused");
	return tap_done();
}
