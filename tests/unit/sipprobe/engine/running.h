/* An engine under virtual time whose peer and names are the test's own. */
#ifndef TESTS_UNIT_SIPPROBE_ENGINE_RUNNING_H
#define TESTS_UNIT_SIPPROBE_ENGINE_RUNNING_H

#include "sipprobe/engine/engine_private.h"
#include "tests/unit/sipprobe/dns/zone_resolver.h"
#include "tests/unit/sipprobe/target/fixture.h"

struct running {
	struct fixture f; /* its peer and its notes; its own services stand idle */
	struct engine *engine;
	struct zone *zone;
	char err[256];
};

static inline void *running_trunk_add_h(const struct config_trunk *trunk, void *arg)
{
	fixture_tell(arg, "trunk %s", trunk->name);
	return (void *)(uintptr_t)trunk->name;
}

static inline void running_trunk_move_h(void *row, const struct config_trunk *trunk,
					void *arg)
{
	(void)row;
	fixture_tell(arg, "move %s", trunk->name);
}

static inline void running_trunk_remove_h(void *row, void *arg)
{
	fixture_tell(arg, "trunk remove %s", (const char *)row);
}

static inline void running_paused_h(void *row, bool paused, int64_t until_s, void *arg)
{
	(void)until_s;
	fixture_tell(arg, "trunk %s %s", (const char *)row, paused ? "paused" : "on");
}

static inline void running_state_h(void *row, const struct engine_change *c, void *arg)
{
	(void)row, (void)c, (void)arg;
}

static inline void running_addresses_h(void *row, unsigned total, unsigned up, void *arg)
{
	(void)row, (void)total, (void)up, (void)arg;
}

static inline void running_dns_failed_h(void *row, const char *detail, enum dns_hint hint,
					void *arg)
{
	(void)hint;
	(void)row, (void)detail, (void)arg;
}

static inline void running_listen_cert_h(const char *file, const struct tls_own *own,
					 void *arg)
{
	(void)own;
	if (file)
		fixture_tell(arg, "listen cert");
}

static inline void running_files_h(const char *detail, void *arg)
{
	fixture_tell(arg, detail ? "files bad" : "files read");
}

static inline void running_open(struct running *r, const char *zone)
{
	*r = (struct running){.engine = NULL};
	fixture_open(&r->f, CONFIG_TRANSPORT_UDP, "");
	r->zone = zone_use(zone);
	r->f.events.trunk_add_h = running_trunk_add_h;
	r->f.events.trunk_move_h = running_trunk_move_h;
	r->f.events.trunk_remove_h = running_trunk_remove_h;
	r->f.events.trunk_paused_h = running_paused_h;
	r->f.events.trunk_state_h = running_state_h;
	r->f.events.trunk_addresses_h = running_addresses_h;
	r->f.events.trunk_dns_failed_h = running_dns_failed_h;
	r->f.events.listen_cert_h = running_listen_cert_h;
	r->f.events.tls_files_h = running_files_h;
	if (engine_alloc(&r->engine, "1.2.3", &r->f.events, &r->f))
		puts("# no engine");
}

static inline void running_close(struct running *r)
{
	engine_free(r->engine);
	mem_deref(r->zone);
	fixture_close(&r->f);
}

static inline int running_apply(struct running *r, const struct config *c)
{
	return engine_apply(r->engine, c, r->err, sizeof(r->err));
}

/* What was told of trunks and files since, without their targets. */
static inline const char *running_told(struct running *r)
{
	static char text[FIXTURE_TEXT];
	char *save;

	text[0] = '\0';
	for (char *word = strtok_r(r->f.told, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		word += *word == ' ';
		if (strncmp(word, "trunk", 5) && strncmp(word, "move", 4) &&
		    strncmp(word, "listen", 6) && strncmp(word, "files", 5))
			continue;
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			       text[0] ? ", " : "", word);
	}
	r->f.told[0] = '\0';
	return text;
}

static inline bool running_has_targets(void *arg)
{
	const struct running *r = arg;

	return registry_count(r->engine->services.registry) >= r->engine->trunk_count;
}

/* The peer answers what it read last. */
static inline void running_send(struct running *r, const char *status, const char *fields)
{
	char buf[FIXTURE_TEXT];
	size_t len = fixture_answer(buf, r->f.got, status, fields);

	if (sendto(r->f.fd, buf, len, 0, &r->f.from.u.sa, r->f.from.len) < 0)
		perror("# sendto");
}

static inline bool running_is_done(void *arg)
{
	return strstr(((struct running *)arg)->f.told, "response") != NULL;
}

/* The same, and waits for the probe's end. */
static inline void running_reply(struct running *r, const char *status,
				 const char *fields)
{
	running_send(r, status, fields);
	(void)loop_until(running_is_done, r);
}

#endif
