/* Each piece of a request fails to be printed once: then there is no request. */
#include <stdarg.h>

#include "sipprobe/message/auth.h"
#include "sipprobe/message/dialog_request.h"
#include "sipprobe/message/request.h"
#include "tests/unit/tap.h"

/* Pieces until one fails; below 0: none does. Linked with mbuf_wrap (meson.build). */
static long countdown = -1;

int __real_mbuf_write_mem(struct mbuf *mb, const uint8_t *buf, size_t size);
int __real_mbuf_write_str(struct mbuf *mb, const char *str);
int __wrap_mbuf_write_mem(struct mbuf *mb, const uint8_t *buf, size_t size);
int __wrap_mbuf_write_str(struct mbuf *mb, const char *str);
int __wrap_mbuf_printf(struct mbuf *mb, const char *fmt, ...);

static bool fails(void)
{
	return countdown >= 0 && countdown-- == 0;
}

int __wrap_mbuf_write_mem(struct mbuf *mb, const uint8_t *buf, size_t size)
{
	return fails() ? ENOMEM : __real_mbuf_write_mem(mb, buf, size);
}

int __wrap_mbuf_write_str(struct mbuf *mb, const char *str)
{
	return fails() ? ENOMEM : __real_mbuf_write_str(mb, str);
}

int __wrap_mbuf_printf(struct mbuf *mb, const char *fmt, ...)
{
	va_list ap;
	int err;

	if (fails())
		return ENOMEM;
	va_start(ap, fmt);
	err = mbuf_vprintf(mb, fmt, ap);
	va_end(ap);
	return err;
}

static const char *const route[] = {"sip:sbc.example;lr", "sip:{peer};lr"};
static const struct config_pair headers[] = {{"X-Site", "oslo"}, {"X-Row", "2"}};
static const struct config_settings plain = {.max_forwards = 70};
static const struct config_settings dressed = {
	.max_forwards = 5,
	.mark_copies = true,
	.from = "sip:ping@{local};x",
	.to = "sip:{host}:5061;y",
	.contact = "sip:us@{local};z",
	.user_agent = "our SBC",
	.outbound_proxy = "sip:p.example;lr",
	.route = route,
	.route_count = 2,
	.headers = headers,
	.header_count = 2,
};
static const struct request_register binds = {
	.registrar = "sip:192.0.2.1",
	.aor = "sip:u@{host}",
	.contact = "sip:u@192.0.2.9",
	.stale = "sip:u@192.0.2.8",
	.expires_s = 60,
};

static const struct {
	const char *name;
	const struct config_settings *settings;
	const struct request_register *registration;
	const char *fields;
} requests[] = {
	{"plain", &plain, NULL, NULL},
	{"everything set", &dressed, NULL, "X: y\r\n"},
	{"a registration", &dressed, &binds, "X: y\r\n"},
};

static struct request_info info_of(size_t i, const struct config_trunk *trunk,
				   const struct sa *sa)
{
	return (struct request_info){
		.method = requests[i].registration ? "REGISTER" : "OPTIONS",
		.trunk = trunk,
		.transport = CONFIG_TRANSPORT_UDP,
		.local = sa,
		.peer = sa,
		.agent = "agent",
		.fields = requests[i].fields,
		.via = requests[i].fields ? ";x" : NULL,
		.registration = requests[i].registration,
	};
}

/* The number of pieces, each of which failed once and was told. */
static long pieces_of_request(const struct request_info *info)
{
	struct request r = {0};
	int err;
	long n = 0;

	for (countdown = 0; (err = request_make(&r, info)) != 0; countdown = ++n)
		if (err != ENOMEM || r.buf)
			return -1;
	if (countdown < 0)
		n = -1; /* one failed and nobody saw it */
	countdown = -1;
	request_free(&r);
	return n;
}

static void test_requests(void)
{
	struct sa sa;

	sa_set_str(&sa, "192.0.2.9", 5060);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct config_trunk trunk = {.uri = "sip:192.0.2.1",
						   .settings = requests[i].settings};
		const struct request_info info = info_of(i, &trunk, &sa);
		long n = pieces_of_request(&info);

		ok(n > 10, "%s: each of %ld pieces", requests[i].name, n);
	}
}

static void test_contact(void)
{
	const struct config_trunk trunk = {.uri = "sip:192.0.2.1", .settings = &dressed};
	char text[64] = "", want[] = "sip:us@192.0.2.9:5060;z";
	struct request_info info;
	long n = 0;
	struct sa sa;

	sa_set_str(&sa, "192.0.2.9", 5060);
	info = info_of(1, &trunk, &sa);
	for (countdown = 0; request_contact(text, sizeof(text), &info, "u");
	     countdown = ++n)
		is_str(text, "", "nothing is written");
	ok(countdown >= 0 && n == 3, "a Contact's three pieces");
	countdown = -1;
	is_str(text, want, "and the whole");
}

/* Credentials to a challenge that asks for all that an answer may hold. */
static struct auth *challenged(void)
{
	static const char response[] =
		"SIP/2.0 401 Words\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\n"
		"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\n"
		"CSeq: 1 OPTIONS\r\nWWW-Authenticate: Digest realm=\"r\",nonce=\"n\","
		"opaque=\"o\",qop=\"auth\",algorithm=SHA-256,userhash=true\r\n\r\n";
	static const struct config_auth conf = {
		.username = "bob", .password = "zanzibar", .algorithms = 7};
	struct guard_message m;
	const char *why = NULL;
	struct auth *a = NULL;

	if (auth_alloc(&a) || guard_datagram(&m, response, sizeof(response) - 1, NULL) ||
	    auth_take(a, &conf, &m, true, &why) != AUTH_AGAIN)
		return NULL;
	return a;
}

static void test_credentials(void)
{
	static const struct config_auth conf = {
		.username = "bob", .password = "zanzibar", .algorithms = 7};
	struct auth *a = challenged();
	long n = 0;
	int err = ENOMEM;

	if (!ok(a != NULL, "challenged"))
		return;
	for (; err && n < 20; n += err != 0) {
		struct mbuf *mb = mbuf_alloc(512);

		countdown = n;
		err = auth_print(a, mb, &conf, "OPTIONS", "sip:d");
		mem_deref(mb);
	}
	ok(countdown >= 0 && n == 7, "each of the seven pieces of an answer");
	countdown = -1;
	mem_deref(a);
}

/* A dialog behind a proxy that routes strictly, which has all a request may hold. */
static int print_in_dialog(struct mbuf *mb, const struct guard_message *invite)
{
	static char target[] = "sip:a@192.0.2.1", routes[] = "Route: <sip:p1>\r\n",
		    local[] = "<sip:us>;tag=x", remote[] = "<sip:you>;tag=y";
	const struct dialog d = {
		.target = target, .routes = routes, .local = local, .remote = remote};
	struct sa sa;
	const struct dialog_request r = {.method = "BYE",
					 .transport = "UDP",
					 .local = &sa,
					 .branch = "z9hG4bKb",
					 .call_id = &invite->call_id,
					 .agent = "us",
					 .fields = ""};

	sa_set_str(&sa, "192.0.2.9", 5060);
	return dialog_print_request(mb, &d, &r);
}

static int print_ack(struct mbuf *mb, const struct guard_message *invite)
{
	return dialog_print_ack(mb, invite, invite);
}

static void test_dialog(void)
{
	static const char text[] =
		"INVITE sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9\r\n"
		"Route: <sip:p1;lr>\r\nRoute: <sip:p2;lr>\r\nFrom: <sip:us>;tag=x\r\n"
		"To: <sip:you>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n";
	static const struct {
		const char *name;
		int (*print)(struct mbuf *mb, const struct guard_message *invite);
		long pieces;
	} rows[] = {
		{"CANCEL", dialog_print_cancel, 10},
		{"ACK", print_ack, 10},
		{"BYE", print_in_dialog, 8},
	};
	struct guard_message invite;

	ok(!guard_datagram(&invite, text, sizeof(text) - 1, NULL), "an INVITE");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int err = ENOMEM;
		long n = 0;

		for (; err && n < 20; n += err != 0) {
			struct mbuf *mb = mbuf_alloc(512);

			countdown = n;
			err = rows[i].print(mb, &invite);
			mem_deref(mb);
		}
		ok(countdown >= 0, "%s: nothing fails unseen", rows[i].name);
		is_int(n, rows[i].pieces, "each of its pieces");
		countdown = -1;
	}
}

int main(void)
{
	test_requests();
	test_contact();
	test_credentials();
	test_dialog();
	return tap_done();
}
