/* SIP URIs as they are split, and refused; more of those stand in tests/data/bad/uri_*.
 */
#include <stdlib.h>

#include "config/uri.h"
#include "tests/unit/tap.h"

static const struct {
	const char *text, *user, *host, *params, *maddr;
	unsigned port;
	enum config_transport transport;
	bool sips, ipv4, ipv6;
} cases[] = {
	{"sip:a.example", "", "a.example", "", "", 0, 0, 0, 0, 0},
	{"SIPS:a.example.", "", "a.example.", "", "", 0, 3, 1, 0, 0},
	{"sip:ping@a_b.example:5070", "ping", "a_b.example", "", "", 5070, 0, 0, 0, 0},
	{"sip:a:b@192.0.2.1:1;lr", "a:b", "192.0.2.1", ";lr", "", 1, 0, 0, 1, 0},
	{"sip:[::1]:65535", "", "::1", "", "", 65535, 0, 0, 0, 1},
	{"sip:[fe80::1%eth0.5];transport=TCP", "", "fe80::1%eth0.5", ";transport=TCP", "",
	 0, 2, 0, 0, 1},
	{"sip:a;transport=udp", "", "a", ";transport=udp", "", 0, 1, 0, 0, 0},
	{"sip:a;Transport=Tls;maddr=[::2]", "", "a", ";Transport=Tls;maddr=[::2]", "::2",
	 0, 3, 0, 0, 0},
	{"sips:a;transport=tcp", "", "a", ";transport=tcp", "", 0, 3, 1, 0, 0},
	{"sip:1;x=y?/@a;maddr=b.example", "1;x=y?/", "a", ";maddr=b.example", "b.example",
	 0, 0, 0, 0, 0},
	{"sip:%40%3B@1a.2b", "%40%3B", "1a.2b", "", "", 0, 0, 0, 0, 0},
	{"sip:~a:~@b", "~a:~", "b", "", "", 0, 0, 0, 0, 0},
	{"sip:[fe80::1%25]", "", "fe80::1%25", "", "", 0, 0, 0, 0, 1},
	{"sip:[fe80::1%a.b_c-d12345678]", "", "fe80::1%a.b_c-d12345678", "", "", 0, 0, 0,
	 0, 1},
	{"sips:a;transport=ws", "", "a", ";transport=ws", "", 0, 5, 1, 0, 0},
	{"sip:a;transport=ws", "", "a", ";transport=ws", "", 0, 4, 0, 0, 0},
};

/* Parts that are as long as they may be. */
#define TEN    "abcdefghij"
#define SIXTY  TEN TEN TEN TEN TEN TEN
#define PARAMS ";a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p;q;r;s;t;u;v;w;x;y;z;0;1;2;3;4;5"
#define LABEL  SIXTY "abc"
#define NAME   LABEL "." LABEL "." LABEL "." SIXTY "a"

static const char *const longest[] = {
	"sip:" LABEL,
	"sip:" NAME,
	("sip:a" PARAMS),
};

static const struct {
	const char *text, *why; /* the beginning of it */
} refused[] = {
	{"sip:" LABEL "d", "a part of the host name is longer than 63"},
	{"sip:" NAME "b", "the host name is longer than 253"},
	{"sip:a" PARAMS ";6", "a URI has at most 32 parameters"},
	{"sip:a;x;y;Y", "a parameter is given twice"},
	{"sip:a;x;maddr=[::1", "maddr is not an address"},
	{"sip:a;maddr=[]", "maddr is not an address"},
	{"sip:a;maddr", "maddr is not an address"},
	{"sip:%@a", "the user holds a character"},
	{"sip:%4@a", "the user holds a character"},
	{"sip:%4g@a", "the user holds a character"},
	{"sip:%g4@a", "the user holds a character"},
	{"sip:%40^@a", "the user holds a character"},
	{"sip:^a@a", "the user holds a character"},
	{"sip:a\177b", "a URI holds no spaces, control characters"},
	{"sip:a>b", "a URI holds no spaces, control characters"},
	{"sip:a\"b", "a URI holds no spaces, control characters"},
	{"sip:a~b", "a host name holds letters"},
	{"sip:a-.example", "a part of a host name neither begins nor ends"},
	{"sip:-a.example", "a part of a host name neither begins nor ends"},
	{"sip:a:655350", "a port is a number"},
	{"sip:a:65536", "a port is a number"},
	{"sip:[fe80::1%251]", "the zone follows a plain '%'"},
	{"sip:[fe80::1%a123456789012345]", "a zone is the name of an interface"},
	{"sip:[fe80::1%/eth]", "a zone is the name of an interface"},
	{"sip:[fe80::1%eth/0]", "a zone is the name of an interface"},
	/* longer by one than an address can be */
	{"sip:255.255.255.2555", "an IPv4 address has four numbers"},
	{"sip:[2001:db8:0:0000:0000:0000:0000:0:255.255.255.255]", "what stands in"},
};

static void check_refused(void)
{
	struct config_uri u;

	for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++)
		is_str(config_uri_parse(longest[i], &u), NULL, longest[i]);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const char *why = config_uri_parse(refused[i].text, &u);

		ok(why && !strncmp(why, refused[i].why, strlen(refused[i].why)), "%s: %s",
		   refused[i].text, why ? why : "taken");
	}
}

/* A URI of 1024 characters is one, of 1025 none. */
static void check_length(void)
{
	char text[1026] = "sip:a;x=";
	struct config_uri u;

	memset(text + strlen(text), 'y', 1025 - strlen(text));
	is_str(config_uri_parse(text, &u), "a URI is at most 1024 characters long",
	       "too long");
	text[1024] = '\0';
	is_str(config_uri_parse(text, &u), NULL, "long enough");
}

static bool slice_is(struct config_slice s, const char *want)
{
	return s.l == strlen(want) && !memcmp(s.p ? s.p : "", want, s.l);
}

static void check_split(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_uri u;
		const char *t = cases[i].text;

		is_str(config_uri_parse(t, &u), NULL, t);
		ok(slice_is(u.user, cases[i].user), "%s: user", t);
		ok(slice_is(u.host, cases[i].host), "%s: host", t);
		ok(slice_is(u.params, cases[i].params), "%s: parameters", t);
		ok(slice_is(u.maddr, cases[i].maddr), "%s: maddr", t);
		is_int(u.port, cases[i].port, t);
		is_int(u.transport, cases[i].transport, t);
		ok(u.sips == cases[i].sips && u.ipv4 == cases[i].ipv4 &&
			   u.ipv6 == cases[i].ipv6,
		   "%s: sips, ipv4, ipv6", t);
	}
}

/* No byte may stand in a URI that would end it, or its line, in a SIP message. */
static void check_bytes(void)
{
	static const char *const around[] = {"sip:%ca.example", "sip:a%cb@c.example",
					     "sip:a.example;x=a%cb",
					     "sip:a.example:50%c60", "sip:a@%c.example"};
	struct config_uri u;
	char text[64];
	unsigned taken = 0;

	for (unsigned c = 1; c < 256; c++) {
		for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
			char *p = strcpy(text, around[i]);

			p = strstr(p, "%c");
			p[0] = (char)c;
			memmove(p + 1, p + 2, strlen(p + 2) + 1);
			if (!config_uri_parse(text, &u))
				taken += c <= ' ' || c >= 0x7f ||
					 strchr("<>\"{}|\\^`", (int)c);
		}
	}
	is_int(taken, 0, "bytes that have no place in a URI are refused everywhere");
}

static void check_untouched(void)
{
	struct config_uri u, before;

	memset(&u, 0x5a, sizeof(u));
	memcpy(&before, &u, sizeof(u));
	ok(config_uri_parse("sip:a.example:0", &u), "refused");
	ok(!memcmp((void *)&u, (void *)&before, sizeof(u)), "nothing written on failure");
}

static void check_host(void)
{
	ok(!config_host_check("sbc.example") && !config_host_check("::1") &&
		   !config_host_check("192.0.2.1"),
	   "hosts");
	ok(config_host_check("a:5060") && config_host_check("[::1]") &&
		   config_host_check("") && config_host_check("192.0.2.999"),
	   "no hosts");
}

int main(void)
{
	check_split();
	check_refused();
	check_length();
	check_bytes();
	check_untouched();
	check_host();
	return tap_done();
}
