/* What a target tells of the certificates that its peer shows. */
#include <openssl/ssl.h>

#include "sipprobe/chain.h"
#include "sipprobe/fingerprint/fingerprint.h"
#include "sipprobe/peer_change.h"
#include "sipprobe/target/probers.h"
#include "sipprobe/tls/tls_rehearsal.h"
#include "sipprobe/tls_failure.h"
#include "sipprobe/transport/stream.h"
#include "tests/support/ca.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define CALM ", \"interval\": \"2h\", \"timeout\": \"5s\""

static char dir[64];
static struct ca_cert ours, others, leaf, next_leaf;
static const struct ca_cert *shown = &leaf; /* what the peer shows */
static struct rehearsal rehearsed;
static unsigned rehearsals, chains;

static void rehearsal_h(void *cell, const struct rehearsal *r, void *arg)
{
	(void)cell, (void)arg;
	rehearsed = *r;
	rehearsals++;
}

static void chain_h(void *cell, struct chain *c, void *arg)
{
	(void)cell, (void)c, (void)arg;
	chains++;
}

/* The peer's end of a connection. */
struct peer {
	struct fixture *f;
	int fd;
	SSL *ssl;
};

static void peer_accept(struct peer *p)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	SSL_CTX_use_certificate(ctx, shown->x509);
	SSL_CTX_use_PrivateKey(ctx, shown->key);
	p->ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_fd(p->ssl, p->fd);
	SSL_set_accept_state(p->ssl);
}

/* Whether it has a whole request, after a handshake. */
static bool is_asked(void *arg)
{
	struct peer *p = arg;
	int n;

	if (p->fd < 0)
		p->fd = accept4(p->f->fd, NULL, NULL, SOCK_NONBLOCK);
	if (p->fd < 0)
		return false;
	if (!p->ssl)
		peer_accept(p);
	n = SSL_read(p->ssl, p->f->got, sizeof(p->f->got) - 1);
	if (n <= 0)
		return false;
	p->f->got[n] = '\0';
	return strstr(p->f->got, "\r\n\r\n");
}

static bool is_done(void *arg)
{
	const struct fixture *f = arg;

	return strstr(f->told, " up") || strstr(f->told, " down");
}

static const char *authority(const char *name, const struct ca_cert *c)
{
	const struct ca_cert *chain[] = {c, NULL};
	static char path[2][128];
	static unsigned n;

	return ca_write(path[n++ % 2], dir, name, chain, NULL);
}

/* Trusted by the trunk; by others, as of the group, it would not be. */
static void test_rehearsal(void)
{
	struct tls_rehearsal *r = NULL;
	char settings[512], text[FIXTURE_TEXT];
	struct fixture f;
	struct peer p = {&f, -1, NULL};
	struct target *t;
	size_t len;

	(void)snprintf(settings, sizeof(settings),
		       CALM ", \"tls\": {\"ca_file\": \"%s\", \"server_name\": "
			    "\"sbc.example\"}",
		       authority("ours.pem", &ours));
	fixture_open(&f, CONFIG_TRANSPORT_TLS, settings);
	is_int(tls_rehearsal_alloc(&r, authority("others.pem", &others), 0, text,
				   sizeof(text)),
	       0, "other authorities");
	f.events.probe.rehearsal_h = rehearsal_h;
	f.events.probe.chain_h = chain_h;
	f.group.rehearsal = r;
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	ok(loop_until(is_asked, &p), "a handshake, and a request");
	len = fixture_answer(text, f.got, "200 OK", "");
	(void)SSL_write(p.ssl, text, (int)len);
	ok(loop_until(is_done, &f), "answered");
	is_str(fixture_told(&f), "add OPTIONS tls, begin, response 200 up", "as told");
	is_int(chains, 1, "its certificates are told");
	is_int(rehearsals, 1, "and what others would say of them");
	ok(rehearsed.done && !rehearsed.success, "which is no");
	ok(strstr(rehearsed.text, "sbc.example") != NULL, "in words: %s", rehearsed.text);
	SSL_free(p.ssl);
	(void)close(p.fd);
	mem_deref(t);
	f.group.rehearsal = mem_deref(r);
	fixture_close(&f);
}

static void certificate_h(void *cell, const struct engine_certificate *c, void *arg)
{
	(void)cell;
	fixture_tell(arg, "certificate of %s", c->subject);
}

static void traits_h(void *cell, unsigned traits, void *arg)
{
	(void)cell;
	fixture_tell(arg, "shown %x", traits);
}

static void changed_h(void *cell, const struct peer_change *c, void *arg)
{
	(void)cell;
	fixture_tell(arg, "another %s", peer_trait_name(c->trait));
}

static void peer_close(struct peer *p)
{
	SSL_free(p->ssl);
	p->ssl = NULL;
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -1;
}

/* What is told of a probe, by a connection of its own, that is answered. */
static const char *probe_told(struct fixture *f, struct target *t)
{
	struct peer p = {f, -1, NULL};
	char text[FIXTURE_TEXT];
	size_t len;

	(void)fixture_told(f);
	fixture_probe(t);
	if (!loop_until(is_asked, &p))
		return "not asked";
	len = fixture_answer(text, f->got, "200 OK", "");
	(void)SSL_write(p.ssl, text, (int)len);
	(void)loop_until(is_done, f);
	peer_close(&p);
	return fixture_told(f);
}

static void open_trusting(struct fixture *f, const char *name, const struct ca_cert *ca)
{
	char settings[512];

	(void)snprintf(settings, sizeof(settings),
		       CALM ", \"tls\": {\"ca_file\": \"%s\", \"server_name\": "
			    "\"sbc.example\"}",
		       authority(name, ca));
	fixture_open(f, CONFIG_TRANSPORT_TLS, settings);
	f->events.probe.certificate_h = certificate_h;
	f->events.probe.peer_shown_h = traits_h;
	f->events.probe.peer_changed_h = changed_h;
}

/* What a handshake shows is told once, and where it is another than before. */
static void test_handshakes(void)
{
	static const unsigned traits = 1U << PEER_TLS | 1U << PEER_KEY | 1U << PEER_ROOT;
	struct fingerprint_table *table = NULL;
	char want[128];
	struct fixture f;
	struct target *t;

	open_trusting(&f, "ours.pem", &ours);
	(void)fingerprint_table_alloc(&table);
	f.services.fingerprints = table;
	t = fixture_target(&f, &prober_options);
	(void)snprintf(want, sizeof(want),
		       "begin, shown 0, shown %x, certificate of sbc.example, response "
		       "200 up",
		       traits);
	is_str(probe_told(&f, t), want, "an answer and a handshake");
	ok(f.last.cert_not_after_s > 0 && f.last.verified_not_after_s > 0,
	   "how long its certificates last");
	is_int(f.last.tls_cause, TLS_FAILURE_NONE, "nothing is wrong");
	is_str(probe_told(&f, t), "begin, certificate of sbc.example, response 200 up",
	       "the same again");
	shown = &next_leaf;
	(void)snprintf(want, sizeof(want),
		       "begin, shown %x, another key, certificate of sbc.example, "
		       "response 200 up",
		       traits);
	is_str(probe_told(&f, t), want, "another key");
	shown = &leaf;
	mem_deref(t);
	is_int(fingerprint_table_count(table), 0, "nothing is kept of it");
	fixture_close(&f);
	mem_deref(table);
}

/* A certificate that is not trusted: told all the same, and what is wrong with it. */
static void test_untrusted(void)
{
	struct fixture f;
	struct peer p = {&f, -1, NULL};
	struct target *t;

	open_trusting(&f, "others.pem", &others);
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	fixture_probe(t);
	for (int i = 0; i < 1000 && !is_done(&f); i++) {
		(void)is_asked(&p);
		loop_turn();
	}
	is_str(fixture_told(&f), "begin, certificate of sbc.example, tls down",
	       "refused");
	is_int(f.last.tls_cause, TLS_FAILURE_UNTRUSTED, "its cause");
	is_int(f.last.tls_fault, TLS_FAULT_ROOT, "and fault");
	peer_close(&p);
	mem_deref(t);
	fixture_close(&f);
}

static int target_tls_main(void)
{
	static void (*const tests[])(void) = {test_rehearsal, test_handshakes,
					      test_untrusted};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}

int main(void)
{
	int err;

	ca_dir_make(dir);
	ca_make(&ours, &(struct ca_spec){.cn = "Ours", .authority = true}, NULL);
	ca_make(&others, &(struct ca_spec){.cn = "Others", .authority = true}, NULL);
	ca_make(&leaf,
		&(struct ca_spec){.cn = "sbc.example",
				  .san = "DNS:sbc.example",
				  .eku = "serverAuth"},
		&ours);
	ca_make(&next_leaf,
		&(struct ca_spec){.cn = "sbc.example",
				  .san = "DNS:sbc.example",
				  .eku = "serverAuth"},
		&ours);
	err = target_tls_main();
	ca_drop(&ours);
	ca_drop(&others);
	ca_drop(&leaf);
	ca_drop(&next_leaf);
	ca_dir_remove(dir);
	return err;
}
