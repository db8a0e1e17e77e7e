/* Trunks besides the fixture's, and requests of their peers. */
#ifndef TESTS_UNIT_SIPPROBE_TRUNK_OTHER_H
#define TESTS_UNIT_SIPPROBE_TRUNK_OTHER_H

#include "tests/unit/sipprobe/target/fixture.h"

#define CALM ", \"interval\": \"2h\""

/* A trunk besides the fixture's, at the same peer or another. */
struct other {
	struct target_owner owner; /* first */
	struct config *config;
	struct target *target;
	unsigned seen;
	char name[16];
};

static inline void other_seen_h(struct target_owner *o)
{
	((struct other *)o)->seen++;
}

static inline void other_open(struct other *o, struct target_group *group,
			      const char *name, const struct resolve_address *address,
			      const char *settings)
{
	static const struct target_owner_handlers handlers = {.seen_h = other_seen_h};

	*o = (struct other){.target = NULL};
	(void)snprintf(o->name, sizeof(o->name), "%s", name);
	o->config = fixture_config("{\"trunks\": [{\"name\": \"%s\", \"uri\": "
				   "\"sip:peer.example\"" CALM "%s}]}",
				   name, settings);
	o->owner = (struct target_owner){
		.conf = o->config->trunks, .row = o->name, .handlers = &handlers};
	if (target_alloc(&o->target, group, &o->owner, &prober_options, address, -1))
		puts("# target_alloc failed");
}

static inline void other_close(struct other *o)
{
	mem_deref(o->target);
	config_free(o->config);
}

static inline size_t request(char buf[FIXTURE_TEXT], const char *method, const char *uri,
			     const char *fields)
{
	return (size_t)snprintf(buf, FIXTURE_TEXT,
				"%s %s SIP/2.0\r\n"
				"Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bKpeer\r\n"
				"From: <sip:peer@127.0.0.1>;tag=1\r\n"
				"To: <sip:us@127.0.0.1>\r\n"
				"Call-ID: peer\r\nCSeq: 7 %s\r\n"
				"Max-Forwards: 70\r\n%sContent-Length: 0\r\n\r\n",
				method, uri, method, fields);
}

/* A socket of ours that a request may have arrived at. */
static inline struct udp *our_socket(struct fixture *f, const char *address)
{
	const struct config_local local = {.address = address};
	struct udp *u = NULL;
	struct sa sa;

	if (sockets_udp_for(f->services.sockets, &u, &sa, &f->address.sa, &local))
		puts("# no socket");
	return u;
}

#endif
