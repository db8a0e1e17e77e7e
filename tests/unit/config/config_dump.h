/* A configuration as text, whole, so that two can be compared. */
#ifndef TESTS_UNIT_CONFIG_CONFIG_DUMP_H
#define TESTS_UNIT_CONFIG_CONFIG_DUMP_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"

/* The folder that absolute names are shown without. */
static char folder[4096];

static void put(FILE *out, const char *key, const char *value)
{
	size_t l = strlen(folder);

	if (value && !strncmp(value, folder, l) && value[l] == '/')
		fprintf(out, "  %s FOLDER%s\n", key, value + l);
	else if (value)
		fprintf(out, "  %s %s\n", key, value);
}

static void put_codes(FILE *out, const char *key, const struct config_codes *c)
{
	fprintf(out, "  %s", key);
	for (unsigned from = 0, to; from < 704; from = to + 1) {
		to = from;
		if (!config_codes_has(c, from))
			continue;
		while (config_codes_has(c, to + 1))
			to++;
		fprintf(out, from == to ? " %u" : " %u-%u", from, to);
	}
	fputc('\n', out);
}

static void put_allow(FILE *out, const char *key, const struct config_allow *a)
{
	if (a->name) {
		fprintf(out, "%s %s\n", key, a->name);
		return;
	}
	fprintf(out, "%s ", key);
	for (int i = 0; i < 16; i++)
		fprintf(out, "%02x", a->network[i]);
	fprintf(out, "/%zu\n", a->prefix);
}

static void put_probe(FILE *out, const struct config *c)
{
	for (size_t i = 0; i < c->probe.allow_count; i++)
		put_allow(out, "probe.allow", &c->probe.allow[i]);
	fprintf(out, "probe.max_concurrent %u\n", c->probe.max_concurrent);
	for (size_t i = 0; i < c->profile_count; i++)
		fprintf(out, "profile %s timeout %lld\n", c->profiles[i].name,
			(long long)c->profiles[i].settings->timeout_us);
	fprintf(out, "defaults timeout %lld\n", (long long)c->defaults->timeout_us);
}

static void put_calls(FILE *out, const struct config_calls *c)
{
	if (!c->allowed)
		return;
	fprintf(out, "calls %u at once, %u an hour, %u a day, audio kept %d\n",
		c->max_concurrent, c->max_per_hour, c->max_per_day, c->keep_audio);
	for (size_t i = 0; i < c->number_count; i++)
		fprintf(out, "calls.number %s\n", c->numbers[i]);
	fprintf(out, "calls.media %s ports %u to %u\n",
		c->media.address ? c->media.address : "any", c->media.port_min,
		c->media.port_max);
	for (size_t i = 0; i < c->media.network_count; i++)
		put_allow(out, "calls.media.network", &c->media.networks[i]);
}

static void put_call(FILE *out, const struct config_call *c)
{
	const struct config_call_degraded *d = &c->degraded;

	fprintf(out, "  call %s mode %d srtp %d nonce %#x codecs", c->to, c->mode,
		c->srtp, c->nonce);
	for (size_t i = 0; i < c->codec_count; i++)
		fprintf(out, " %d", c->codecs[i]);
	fprintf(out, "\n  call interval %lld answer %lld ring %lld duration %lld",
		(long long)c->interval_us, (long long)c->answer_timeout_us,
		(long long)c->ring_for_us, (long long)c->duration_us);
	fprintf(out, " buffer %lld us\n  call degraded mos %g loss %g",
		(long long)c->jitter_buffer_us, d->mos, d->loss);
	fprintf(out, " jitter %lld delay %lld us\n", (long long)d->jitter_us,
		(long long)d->post_dial_delay_us);
}

static void put_tls(FILE *out, const struct config_tls *t)
{
	put(out, "ca_file", t->ca_file);
	put(out, "cert_file", t->cert_file);
	put(out, "key_file", t->key_file);
	put(out, "server_name", t->server_name);
	put(out, "ciphers", t->ciphers);
	fprintf(out, "  min_version %d verify %d\n", t->min_version,
		!t->insecure_skip_verify);
	if (t->session_lifetime_us)
		fprintf(out, "  session_lifetime %" PRId64 "\n", t->session_lifetime_us);
}

static void put_websocket(FILE *out, const struct config_websocket *w)
{
	if (strcmp(w->path, "/"))
		fprintf(out, "  websocket path %s\n", w->path);
	put(out, "websocket origin", w->origin);
	put(out, "websocket host", w->host);
	for (size_t i = 0; i < w->header_count; i++)
		fprintf(out, "  websocket header %s: %s\n", w->headers[i].name,
			w->headers[i].value);
}

/* Only those that are not the default: most files are about other things. */
static void put_checks(FILE *out, const struct config_settings *s)
{
	const struct config_auth *a = s->auth;
	const struct config_register *r = s->registration;

	if (s->methods != 1)
		fprintf(out, "  methods %#x\n", s->methods);
	if (a)
		fprintf(out, "  auth %s password %s realm %s algorithms %#x\n",
			a->username, a->password, a->realm ? a->realm : "any",
			a->algorithms);
	if (r)
		fprintf(out,
			"  register bind %d expires %lld interval %lld us aor %s%s\n",
			r->bind, (long long)r->expires_us, (long long)r->interval_us,
			r->aor ? r->aor : "none",
			r->at == CONFIG_REGISTER_AT_FIRST ? " at first" : "");
	if (s->call)
		put_call(out, s->call);
}

/* Settings that few trunks have, where they are set. */
static void put_senders(FILE *out, const struct config_settings *s)
{
	if (s->local.address || s->local.port)
		fprintf(out, "  local %s port %u\n",
			s->local.address ? s->local.address : "any", s->local.port);
	if (s->dscp)
		fprintf(out, "  dscp %u\n", s->dscp);
	if (s->expect_inbound_us)
		fprintf(out, "  expect_inbound %lld\n", (long long)s->expect_inbound_us);
	if (s->pause.on && s->pause.until_s)
		fprintf(out, "  paused until %lld\n", (long long)s->pause.until_s);
	else if (s->pause.on)
		fprintf(out, "  paused\n");
	put(out, "outbound_proxy", s->outbound_proxy);
}

static void put_settings(FILE *out, const struct config_settings *s)
{
	fprintf(out, "  interval %lld down %lld timeout %lld t1 %lld us\n",
		(long long)s->interval_us, (long long)s->down_interval_us,
		(long long)s->timeout_us, (long long)s->t1_us);
	fprintf(out,
		"  fall %u rise %u max_forwards %u connection %d family %d up_when %d\n",
		s->fall, s->rise, s->max_forwards, s->connection, s->family, s->up_when);
	if (s->connection_set)
		fprintf(out, "  connection said\n");
	if (s->retry_after_max_us != s->interval_us)
		fprintf(out, "  retry_after_max %lld us\n",
			(long long)s->retry_after_max_us);
	put_codes(out, "up", &s->up_codes);
	put_codes(out, "degraded", &s->degraded_codes);
	put(out, "request_uri", s->request_uri);
	put(out, "from", s->from);
	put(out, "to", s->to);
	put(out, "contact", s->contact);
	put(out, "user_agent", s->user_agent);
	for (size_t i = 0; i < s->route_count; i++)
		put(out, "route", s->route[i]);
	for (size_t i = 0; i < s->header_count; i++)
		fprintf(out, "  header %s: %s\n", s->headers[i].name,
			s->headers[i].value);
	put_senders(out, s);
	put_tls(out, &s->tls);
	put_websocket(out, &s->websocket);
	put_checks(out, s);
}

/* @lines: with the file's name and the lines of trunks, which other spellings change */
static void put_config(FILE *out, const struct config *c, bool lines)
{
	if (lines)
		fprintf(out, "%s\n", c->path);
	for (size_t i = 0; i < c->trunk_count; i++) {
		const struct config_trunk *t = &c->trunks[i];

		fprintf(out, "trunk %s", t->name);
		if (lines)
			fprintf(out, " line %u", t->line);
		fputc('\n', out);
		put(out, "uri", t->uri);
		put(out, "profile", t->profile);
		for (unsigned k = 0; k < t->label_count; k++)
			fprintf(out, "  label %s=%s\n", t->labels[k].name,
				t->labels[k].value);
		put_settings(out, t->settings);
	}
	fprintf(out, "buckets");
	for (size_t i = 0; i < c->bucket_count; i++)
		fprintf(out, " %g", c->buckets[i]);
	fprintf(out, "\nnative %d schema %d max %u\n", c->native.kept, c->native.schema,
		c->native.max_buckets);
	if (!c->metrics.classic_histograms || c->metrics.reasons || c->metrics.states)
		fprintf(out, "metrics classic %d reasons %d states %d\n",
			c->metrics.classic_histograms, c->metrics.reasons,
			c->metrics.states);
	for (size_t i = 0; i < c->sip.listen_count; i++)
		fprintf(out, "listen %d %s %u\n", c->sip.listen[i].transport,
			c->sip.listen[i].host, c->sip.listen[i].port);
	put_tls(out, &c->sip.tls);
	for (size_t i = 0; i < c->dns.server_count; i++)
		fprintf(out, "server %s\n", c->dns.servers[i]);
	if (c->dns.search.system)
		fprintf(out, "search as the system\n");
	for (size_t i = 0; i < c->dns.search.count; i++)
		fprintf(out, "search %s\n", c->dns.search.domains[i]);
	put_probe(out, c);
	put_calls(out, &c->calls);
	if (c->hep.on)
		fprintf(out, "hep %s id %u\n", c->hep.collector, c->hep.id);
	if (lines)
		config_warnings_print(&c->warnings, out);
	for (size_t i = 0; i < c->warnings.count && !lines; i++)
		fprintf(out, "warning %s\n", c->warnings.list[i].message);
}

#endif
