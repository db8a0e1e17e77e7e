/* NAPTR and SRV records: what is taken of an answer, in which order, and how much. */
#include "sipprobe/dns/naptr_srv.h"
#include "tests/unit/sipprobe/dns/zone.h"
#include "tests/unit/tap.h"

enum { ROOM = 4 };

/* An answer of @text's records, a line each; @backwards: the last one first. */
static void answer(struct zone_found *f, enum rr_type type, const char *text,
		   bool backwards)
{
	size_t count = 0;

	*f = (struct zone_found){.ans = {.records = f->records}};
	for (const char *line = text; *line; line++)
		count += *line == '\n';
	f->ans.count = count;
	for (size_t i = 0; i < count; i++) {
		size_t at = backwards ? count - 1 - i : i;

		f->records[at].p = f->rdata[at];
		f->records[at].l = zone_rdata(f->rdata[at], type, text);
		text = strchr(text, '\n') + 1;
	}
	/* One more is there, but not of the answer. */
	f->records[count].p = f->rdata[count];
	f->records[count].l =
		zone_rdata(f->rdata[count], type,
			   type == RR_SRV ? "0 0 1 no." : "0 0 s SIP+D2U - no.");
}

static const struct {
	const char *name;
	bool sips;
	size_t max;
	const char *records;
	const char *want;
} naptrs[] = {
	{"by order, whatever the preference", false, ROOM,
	 "2 1 s SIP+D2U - a.test.\n1 9 s SIP+D2U - b.test.\n", "udp b.test, udp a.test"},
	{"then by preference, whatever the name", false, ROOM,
	 "1 50 s SIP+D2U - a.test.\n1 20 s SIPS+D2T - b.test.\n",
	 "tls b.test, udp a.test"},
	{"then by transport, whatever the name", false, ROOM,
	 "1 1 s SIPS+D2T - a.test.\n1 1 s SIP+D2T - b.test.\n1 1 s SIP+D2U - c.test.\n",
	 "udp c.test, tcp b.test, tls a.test"},
	{"then by name", false, ROOM,
	 "1 1 s SIP+D2U - b.test.\n1 1 s SIP+D2U - a.test.\n", "udp a.test, udp b.test"},
	{"the greatest numbers there are", false, ROOM,
	 "65535 65535 s SIP+D2U - a.test.\n65535 0 s SIP+D2U - b.test.\n"
	 "0 65535 s SIP+D2U - c.test.\n",
	 "udp c.test, udp b.test, udp a.test"},
	{"twice the same is once", false, ROOM,
	 "1 1 s SIP+D2U - a.test.\n1 1 s SIP+D2U - b.test.\n1 1 s sip+d2u - A.test.\n",
	 "udp a.test, udp b.test"},
	{"twice the same leaves room for others", false, 2,
	 "1 1 s SIP+D2U - a.test.\n1 1 s SIP+D2U - a.test.\n1 1 s SIP+D2T - b.test.\n",
	 "udp a.test, tcp b.test"},
	{"the best of more than there is room for", false, 2,
	 "3 1 s SIP+D2U - c.test.\n1 1 s SIP+D2U - a.test.\n4 1 s SIP+D2U - d.test.\n"
	 "2 1 s SIP+D2U - b.test.\n",
	 "udp a.test, udp b.test"},
	{"a name of one letter", false, ROOM, "1 1 s SIP+D2U - a.\n", "udp a"},
	{"no name", false, ROOM, "1 1 s SIP+D2U - .\n", ""},
	{"another flag, a regexp, another service", false, ROOM,
	 "1 1 u SIP+D2U - a.test.\n1 1 s SIP+D2U !x!y! a.test.\n1 1 s SIP+D2S - "
	 "a.test.\n",
	 ""},
	{"of sips that of TLS alone", true, ROOM,
	 "1 1 s SIP+D2U - a.test.\n1 1 s SIP+D2T - b.test.\n1 1 s SIPS+D2T - c.test.\n",
	 "tls c.test"},
	{"records without sense", false, ROOM,
	 "\\x00\n1 1 s SIP+D2U - a.test.\n\\x0001000201\n", "udp a.test"},
	{"none", false, ROOM, "", ""},
};

static const char *const transports[] = {"none", "udp", "tcp", "tls"};

/* "udp NAME, …", which are freed; "!" where more was written than is told. */
static void print_choices(char *out, size_t size, struct choice v[ROOM + 1], size_t count)
{
	size_t l = 0;

	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		l += (size_t)snprintf(out + l, size - l, "%s%s %s", i ? ", " : "",
				      transports[v[i].transport],
				      v[i].name ? v[i].name : "-");
		mem_deref(v[i].name);
	}
	if (v[count].name)
		(void)snprintf(out + l, size - l, "!");
}

static void test_naptr(void)
{
	static struct zone_found f;

	for (size_t i = 0; i < 2 * sizeof(naptrs) / sizeof(*naptrs); i++) {
		struct choice v[ROOM + 1] = {{NULL, CONFIG_TRANSPORT_NONE}};
		char got[1024];
		size_t count;

		answer(&f, RR_NAPTR, naptrs[i / 2].records, i % 2);
		count = naptr_choose(v, naptrs[i / 2].max, &f.ans, naptrs[i / 2].sips);
		print_choices(got, sizeof(got), v, count);
		is_str(got, naptrs[i / 2].want, naptrs[i / 2].name);
	}
}

static void test_without(void)
{
	static const struct {
		const char *name;
		const char *host;
		bool sips;
		enum config_transport transport;
		size_t max;
		const char *want;
	} cases[] = {
		{"any transport", "a.b.c.example.net", false, CONFIG_TRANSPORT_NONE, ROOM,
		 "udp _sip._udp.a.b.c.example.net, tcp _sip._tcp.a.b.c.example.net, "
		 "tls _sips._tcp.a.b.c.example.net"},
		{"one", "a.test", false, CONFIG_TRANSPORT_TCP, ROOM,
		 "tcp _sip._tcp.a.test"},
		{"sips", "a.test", true, CONFIG_TRANSPORT_NONE, ROOM,
		 "tls _sips._tcp.a.test"},
		{"sips, whatever the transport", "a.test", true, CONFIG_TRANSPORT_UDP,
		 ROOM, "tls _sips._tcp.a.test"},
		{"no more than there is room for", "a.test", false, CONFIG_TRANSPORT_NONE,
		 2, "udp _sip._udp.a.test, tcp _sip._tcp.a.test"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct choice v[ROOM + 1] = {{NULL, CONFIG_TRANSPORT_NONE}};
		char got[1024];
		size_t count = naptr_choose_without(v, cases[i].max, cases[i].host,
						    cases[i].sips, cases[i].transport);

		print_choices(got, sizeof(got), v, count);
		is_str(got, cases[i].want, cases[i].name);
	}
}

/* "_sip._udp." before a host of so many characters. */
static void test_longest_name(void)
{
	char host[RR_NAME_MAX + 1] = "";
	struct choice v[3];

	memset(host, 'x', RR_NAME_MAX - 10);
	is_int((long long)naptr_choose_without(v, 3, host, false, CONFIG_TRANSPORT_UDP),
	       1, "a host of 243 characters");
	ok(v[0].name && strlen(v[0].name) == RR_NAME_MAX, "is asked for");
	mem_deref(v[0].name);
	host[RR_NAME_MAX - 10] = 'x';
	is_int((long long)naptr_choose_without(v, 3, host, false, CONFIG_TRANSPORT_UDP),
	       1, "one of 244");
	ok(!v[0].name, "has no such name");
}

static const struct {
	const char *name;
	size_t max;
	const char *records;
	const char *want; /* priority/weight name:port */
	bool refused;
} srvs[] = {
	{"by priority, whatever the name", ROOM, "2 1 5060 a.test.\n1 1 5060 b.test.\n",
	 "1/1 b.test:5060, 2/1 a.test:5060", false},
	{"then by name, whatever the port", ROOM, "1 1 5060 b.test.\n1 1 5070 a.test.\n",
	 "1/1 a.test:5070, 1/1 b.test:5060", false},
	{"then by port, whatever the weight", ROOM,
	 "1 1 5070 a.test.\n1 9 5060 a.test.\n", "1/9 a.test:5060, 1/1 a.test:5070",
	 false},
	{"the greatest numbers there are", ROOM,
	 "65535 65535 65535 a.test.\n0 65535 1 a.test.\n",
	 "0/65535 a.test:1, 65535/65535 a.test:65535", false},
	{"twice the same is once, with the greater weight", ROOM,
	 "1 3 5060 a.test.\n1 1 5060 b.test.\n1 4 5060 A.test.\n",
	 "1/4 a.test:5060, 1/1 b.test:5060", false},
	{"the best of more than there is room for", 2,
	 "3 1 5060 a.test.\n1 1 5060 a.test.\n4 1 5060 a.test.\n2 1 5060 a.test.\n",
	 "1/1 a.test:5060, 2/1 a.test:5060", false},
	{"a name of one letter", ROOM, "1 1 5060 a.\n", "1/1 a:5060", false},
	{"no such service", ROOM, "1 1 5060 .\n", "", true},
	{"no such service, but one", ROOM, "1 1 5060 .\n1 1 5060 a.test.\n",
	 "1/1 a.test:5060", true},
	{"port 0", ROOM, "1 1 0 a.test.\n", "", false},
	{"records without sense", ROOM, "\\x00\n1 1 5060 a.test.\n\\x0001000201\n",
	 "1/1 a.test:5060", false},
	{"none", ROOM, "", "", false},
};

static void test_srv(void)
{
	static struct zone_found f;

	for (size_t i = 0; i < 2 * sizeof(srvs) / sizeof(*srvs); i++) {
		struct rr_srv v[ROOM + 1] = {{.port = 0}};
		char got[1024] = "";
		size_t count, l = 0;
		bool refused;

		answer(&f, RR_SRV, srvs[i / 2].records, i % 2);
		count = srv_choose(v, srvs[i / 2].max, &f.ans, &refused);
		for (size_t k = 0; k < count; k++)
			l += (size_t)snprintf(got + l, sizeof(got) - l, "%s%u/%u %s:%u",
					      k ? ", " : "", v[k].priority, v[k].weight,
					      v[k].target, v[k].port);
		is_str(got, srvs[i / 2].want, srvs[i / 2].name);
		is_int(refused, srvs[i / 2].refused, "whether one says so");
		is_int(v[count].port, 0, "no more was written");
	}
}

int main(void)
{
	test_naptr();
	test_without();
	test_longest_name();
	test_srv();
	return tap_done();
}
