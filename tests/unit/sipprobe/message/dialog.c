/* Dialogs read off messages. */
#include "sipprobe/message/dialog.h"

#include <stdlib.h>

#include "tests/unit/sipprobe/message/dialogs.h"

/* The dialog that an INVITE with these fields makes where we answer; NULL with @err. */
static struct dialog *dialog_called(const char *fields, int *err)
{
	char *text = malloc(65536);
	struct guard_message m;
	struct dialog *d = NULL;

	(void)re_snprintf(text, 65536,
			  "INVITE sip:us SIP/2.0\r\n%s"
			  "Via: SIP/2.0/UDP 192.0.2.5;branch=z9hG4bKx\r\n"
			  "To: <sip:us>\r\nCall-ID: abc\r\nCSeq: 3 INVITE\r\n\r\n",
			  fields);
	*err = guard_datagram(&m, text, strlen(text), NULL);
	if (!*err)
		*err = dialog_read_invite(&d, &m, "mine");
	free(text);
	return d;
}

/* A URI of so many bytes, of static storage. */
static const char *uri_of(size_t len)
{
	static char uri[2048];

	memset(uri, 'a', len);
	memcpy(uri, "sip:", 4);
	memcpy(uri + len - 10, "@192.0.2.5", 11);
	return uri;
}

static const struct {
	const char *name, *fields, *target, *routes;
} rows[] = {
	{"a Contact", "Contact: \"x, y\" <sip:a@192.0.2.5:5070;x=1>;q=1\r\n",
	 "sip:a@192.0.2.5:5070;x=1", ""},
	{"its compact form", "m: sip:a@192.0.2.5\r\n", "sip:a@192.0.2.5", ""},
	{"none", "", "sip:100@sbc.example", ""},
	{"one that is none", "Contact: <>\r\n", "sip:100@sbc.example", ""},
	{"one with colons in its host", "Contact: <sip:a@192.0.2.5:p:p1>\r\n",
	 "sip:100@sbc.example", ""},
	{"one with header fields", "Contact: <sip:a@192.0.2.5;x=1?Subject=y>\r\n",
	 "sip:a@192.0.2.5;x=1", ""},
	{"routes the other way round",
	 "Record-Route: <sip:p2;lr>, <sip:p1;lr;x=y>\r\nRecord-Route: <sip:p0;lr>\r\n",
	 "sip:100@sbc.example",
	 "Route: <sip:p0;lr>\r\nRoute: <sip:p1;lr;x=y>\r\nRoute: <sip:p2;lr>\r\n"},
	{"what is behind a bad route", "Record-Route: <sip:p1;lr>, <<<\r\n",
	 "sip:100@sbc.example", "Route: <sip:p1;lr>\r\n"},
	{"what is behind a route", "Record-Route: <sip:p1;lr> and more\r\n",
	 "sip:100@sbc.example", "Route: <sip:p1;lr>\r\n"},
};

static void test_read(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dialog *d = dialog_of(rows[i].fields);

		is_str(d->target, rows[i].target, rows[i].name);
		is_str(d->routes, rows[i].routes, rows[i].name);
		ok(!pl_strcmp(&d->remote_tag, "Theirs") &&
			   !pl_strcmp(&d->local_tag, "ours"),
		   "%s: tags", rows[i].name);
		mem_deref(d);
	}
}

/* Who is called has the routes in the order of the message (12.1.1). */
static void test_called(void)
{
	int err;
	struct dialog *d = dialog_called(
		"Contact: <sip:a@192.0.2.5>\r\nRecord-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
		"From: \"A\"\r\n <sip:a@b>\r\n\t;tag=x\r\n",
		&err);

	if (!ok(d && !err, "called"))
		exit(1);
	is_str(d->target, "sip:a@192.0.2.5", "the caller's Contact");
	is_str(d->routes, "Route: <sip:p1;lr>\r\nRoute: <sip:p2;lr>\r\n", "routes");
	is_str(d->local, "<sip:us>;tag=mine", "ours");
	is_str(d->remote, "\"A\"   <sip:a@b>  \t;tag=x", "the caller on one line");
	ok(!pl_strcmp(&d->remote_tag, "x") && !pl_strcmp(&d->local_tag, "mine"), "tags");
	mem_deref(d);
	d = dialog_called("From: <sip:a@b>;tag=x\r\n", &err);
	ok(!d && err == EBADMSG, "without a Contact nobody could be asked");
}

/* A To that no strict peer reads is ours again, with the peer's tag where it has one. */
static void test_odd_to(void)
{
	static const struct {
		const char *to, *want;
	} odd[] = {
		{"\"A\" <sip:b@x>;tag=t1", "\"A\" <sip:b@x>;tag=t1"},
		{"A, (B) <sip:b@x>;tag=t1", "<sip:100@sbc.example>;tag=t1"},
		{"A, (B) <sip:b@x>;tag=t1@", "<sip:100@sbc.example>"},
		{"A, (B) <sip:b@x>", "<sip:100@sbc.example>"},
		{"\"A\\\001\" <sip:b@x>;tag=t1", "<sip:100@sbc.example>;tag=t1"},
		{"\"A <sip:b@x>;tag=t1", "<sip:100@sbc.example>"},
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		char *text = NULL;
		struct guard_message m;
		struct dialog *d = NULL;

		(void)re_sdprintf(&text,
				  "SIP/2.0 200 OK\r\n"
				  "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\n"
				  "From: <sip:ping@192.0.2.1>;tag=ours\r\nTo: %s\r\n"
				  "Call-ID: abc\r\nCSeq: 3 INVITE\r\n\r\n",
				  odd[i].to);
		ok(text && !guard_datagram(&m, text, strlen(text), NULL) &&
			   !dialog_read_response(&d, &invite, &m),
		   "%s", odd[i].to);
		is_str(d ? d->remote : "", odd[i].want, "is answered to");
		mem_deref(d);
		mem_deref(text);
	}
}

/* Whatever is too much is left out, and the dialog can still be ended. */
static void test_long_uris(void)
{
	char fields[4096], want[2048];

	for (size_t len = DIALOG_VALUE_MAX; len <= DIALOG_VALUE_MAX + 1; len++) {
		bool fits = len == DIALOG_VALUE_MAX;
		struct dialog *d;
		struct sa hop;

		(void)re_snprintf(fields, sizeof(fields), "Contact: <%s>\r\n",
				  uri_of(len));
		d = dialog_of(fields);
		is_str(d->target, fits ? uri_of(len) : "sip:100@sbc.example", "Contact");
		is_int(dialog_next_hop(&hop, d, CONFIG_TRANSPORT_UDP), fits, "next hop");
		mem_deref(d);
		(void)re_snprintf(fields, sizeof(fields),
				  "Record-Route: <sip:p1>\r\nRecord-Route: <%s>\r\n",
				  uri_of(len));
		(void)re_snprintf(want, sizeof(want),
				  "Route: <%s>\r\nRoute: <sip:p1>\r\n", uri_of(len));
		d = dialog_of(fields);
		is_str(d->routes, fits ? want : "", "routes, or none at all");
		mem_deref(d);
	}
}

/* From and To are needed whole. */
static void test_long_from(void)
{
	for (size_t len = DIALOG_VALUE_MAX; len <= DIALOG_VALUE_MAX + 1; len++) {
		char fields[2048];
		struct dialog *d;
		int err;

		(void)re_snprintf(fields, sizeof(fields),
				  "Contact: <sip:a@b>\r\nFrom: %s\r\n", uri_of(len));
		d = dialog_called(fields, &err);
		is_int(err, len > DIALOG_VALUE_MAX ? EBADMSG : 0, "a long From");
		ok(!d == (err != 0), "makes a dialog that has it, or none");
		mem_deref(d);
	}
}

static void test_many_routes(void)
{
	static const struct {
		const char *name;
		size_t count, len, last_len, bytes;
	} many[] = {
		{"sixteen", DIALOG_ROUTES_MAX, 20, 20, 16 * (20 + 11)},
		{"seventeen", DIALOG_ROUTES_MAX + 1, 20, 20, 0},
		{"as many bytes as there may be", 8, 1013, 1013, DIALOG_ROUTES_BYTES},
		{"one more", 8, 1013, 1014, 0},
	};

	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		char fields[16384];
		struct dialog *d;
		size_t n = 0;

		for (size_t k = 1; k <= many[i].count; k++)
			n += (size_t)re_snprintf(
				fields + n, sizeof(fields) - n, "Record-Route: <%s>\r\n",
				uri_of(k < many[i].count ? many[i].len
							 : many[i].last_len));
		d = dialog_of(fields);
		is_int((long long)strlen(d->routes), (long long)many[i].bytes,
		       many[i].name);
		mem_deref(d);
	}
}

/* A later message moves the peer, if it says where to. */
static void test_refresh(void)
{
	static const char *const steps[][2] = {
		{"", "sip:a@192.0.2.5"},
		{"m: <sip:b@192.0.2.6>\r\n", "sip:b@192.0.2.6"},
		{"Contact: <>\r\n", "sip:b@192.0.2.6"},
	};
	struct dialog *d = dialog_of("Contact: <sip:a@192.0.2.5>\r\n");

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		char *text = response_with("200 OK", steps[i][0]);
		struct guard_message m;

		ok(!guard_datagram(&m, text, strlen(text), NULL) &&
			   !dialog_refresh(d, &m),
		   "refreshed");
		is_str(d->target, steps[i][1], "the target");
		free(text);
	}
	mem_deref(d);
}

static void test_has(void)
{
	static const struct {
		const char *from, *to; /* of the peer's request, with their tags */
		bool tagged, bare; /* whether a dialog with a remote tag, and without, has
				      it */
	} requests[] = {
		{";tag=Theirs", ";tag=ours", true, false},
		{";tag=tHEIRS", ";tag=OURS", true, false},
		{";tag=Theirs2", ";tag=ours", false, false},
		{";tag=Theirs", ";tag=our", false, false},
		{";tag=Theirs", "", false, false},
		{"", ";tag=ours", false, true},
		{"", "", false, false},
	};
	struct dialog *tagged = dialog_of(""), *bare = dialog_of("To: <sip:100@x>\r\n");

	ok(tagged->remote_tag.l && !bare->remote_tag.p, "one has a remote tag");
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct guard_message m;
		char text[512];

		(void)re_snprintf(text, sizeof(text),
				  "BYE sip:us SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.5\r\n"
				  "From: <sip:a@b>%s\r\nTo: <sip:us>%s\r\n"
				  "Call-ID: abc\r\nCSeq: 1 BYE\r\n\r\n",
				  requests[i].from, requests[i].to);
		if (guard_datagram(&m, text, strlen(text), NULL))
			exit(1);
		is_int(dialog_has(tagged, &m), requests[i].tagged, requests[i].from);
		is_int(dialog_has(bare, &m), requests[i].bare, "of one without");
	}
	mem_deref(tagged);
	mem_deref(bare);
}

static void test_next_hop(void)
{
	static const struct {
		const char *fields, *want;
		enum config_transport transport; /* NONE: UDP */
	} ways[] = {
		{"Contact: <sip:a@192.0.2.5>\r\n", "192.0.2.5:5060"},
		{"Contact: <sip:a@192.0.2.5:5070;transport=udp>\r\n", "192.0.2.5:5070"},
		{"Contact: <sip:a@192.0.2.5;transport=tcp>\r\n", ""},
		{"Contact: <sips:a@192.0.2.5>\r\n", ""},
		{"Contact: <sip:a@[2001:db8::5]:5070>\r\n", "[2001:db8::5]:5070"},
		{"Contact: <sip:a@host.example>\r\n", ""},
		{"Contact: <sip:a@[fe80::1%nowhere]>\r\n", ""},
		{"Contact: <sip:a@192.0.2.5>\r\nRecord-Route: <sip:192.0.2.7;lr>\r\n",
		 "192.0.2.7:5060"},
		{"Contact: <sip:a@192.0.2.5>\r\nRecord-Route: <sip:192.0.2.7>\r\n",
		 "192.0.2.7:5060"},
		{"Contact: <sip:a@192.0.2.5>\r\nRecord-Route: <sip:p.example;lr>\r\n",
		 ""},
		{"Contact: <sip:a@192.0.2.5;maddr=192.0.2.9>\r\n", ""},
		{"Contact: <sip:a@192.0.2.5;transport=tcp>\r\n", "192.0.2.5:5060",
		 CONFIG_TRANSPORT_TCP},
		{"Contact: <sip:a@192.0.2.5>\r\n", "", CONFIG_TRANSPORT_TCP},
		{"Contact: <sip:a@192.0.2.5;transport=tls>\r\n", "",
		 CONFIG_TRANSPORT_TCP},
		{"Contact: <sip:a@192.0.2.5;transport=tls>\r\n", "192.0.2.5:5061",
		 CONFIG_TRANSPORT_TLS},
		{"Contact: <sips:a@192.0.2.5:5070;transport=tcp>\r\n", "192.0.2.5:5070",
		 CONFIG_TRANSPORT_TLS},
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct dialog *d = dialog_of(ways[i].fields);
		char got[64] = "";
		struct sa hop;

		if (dialog_next_hop(&hop, d,
				    ways[i].transport ? ways[i].transport
						      : CONFIG_TRANSPORT_UDP))
			(void)re_snprintf(got, sizeof(got), "%J", &hop);
		mem_deref(d);
		is_str(got, ways[i].want, ways[i].fields);
	}
}

int main(void)
{
	invite_read();
	test_read();
	test_called();
	test_odd_to();
	test_long_uris();
	test_long_from();
	test_many_routes();
	test_refresh();
	test_has();
	test_next_hop();
	return tap_done();
}
