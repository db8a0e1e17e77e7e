/* OpenSSL between a stream's socket and its messages, over memory BIOs. */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/buffer.h>
#include <openssl/err.h>
#include <string.h>

#include "base/clock.h"
#include "sipprobe/tls/tls_resume.h"
#include "sipprobe/transport/stream_private.h"

enum { BIO_IDLE_BYTES = 512 }; /* an idle connection's BIOs hold no more */

int stream_tls_alloc(struct stream *s, const char *name)
{
	BIO *in, *out;
	int err = tls_session_alloc(&s->ssl, s->tls, name);

	if (err)
		return err;
	in = BIO_new(BIO_s_mem());
	out = BIO_new(BIO_s_mem());
	if (in && out) {
		SSL_set_bio(s->ssl, in, out);
		return 0;
	}
	BIO_free(in);
	BIO_free(out);
	ERR_clear_error();
	return ENOMEM;
}

/* A memory BIO keeps the room of the most it ever held. */
static void bio_slim(BIO *bio)
{
	BUF_MEM *mem = NULL;

	BIO_get_mem_ptr(bio, &mem);
	if (!mem || mem->length || mem->max <= BIO_IDLE_BYTES)
		return;
	mem = BUF_MEM_new();
	if (mem)
		BIO_set_mem_buf(bio, mem, BIO_CLOSE);
}

/* Moves what OpenSSL wrote to the socket. */
static int stream_tls_flush(struct stream *s, int64_t *sent_ns)
{
	BIO *out = SSL_get_wbio(s->ssl);
	char *buf;
	long len = BIO_get_mem_data(out, &buf);
	int err = 0;

	if (len > 0)
		err = stream_put(s, buf, (size_t)len, sent_ns);
	(void)BIO_reset(out);
	bio_slim(out);
	return err;
}

static void stream_tls_note(struct stream *s, enum tls_fault fault)
{
	s->report.tls_fault = fault;
	s->report.tls_failure = tls_failure_of_fault(fault);
}

/* OpenSSL's error queue holds why. What it wants to tell the peer is sent first. */
static void stream_tls_fail(struct stream *s)
{
	char text[TLS_TEXT_BYTES];

	stream_tls_note(s, tls_fault_of(s->ssl, text, sizeof(text)));
	s->report.cert_not_after_s = tls_peer_not_after_s(s->ssl);
	stream_tls_flush(s, NULL);
	ERR_clear_error();
	stream_end(s, PROBE_TLS, EPROTO, text);
}

static void read_records(struct stream *s, int64_t rx_ns)
{
	char chunk[STREAM_CHUNK];

	while (stream_live(s)) {
		int n, why;

		ERR_clear_error();
		n = SSL_read(s->ssl, chunk, sizeof(chunk));
		if (n > 0) {
			stream_feed(s, chunk, (size_t)n, rx_ns);
			continue;
		}
		why = SSL_get_error(s->ssl, n);
		if (why == SSL_ERROR_WANT_READ)
			break;
		if (why == SSL_ERROR_ZERO_RETURN)
			stream_left(s, 0);
		else
			stream_tls_fail(s);
	}
}

bool stream_use_session(struct stream *s, struct tls_resume *r, int64_t lifetime_us)
{
	tls_resume_offer(s->ssl, r, lifetime_us);
	return tls_resume_offered(s->ssl);
}

bool stream_failed_to_resume(const struct stream *s)
{
	return s->ssl && s->report.connect_ns >= 0 && s->report.tls_ns < 0 &&
	       tls_resume_offered(s->ssl);
}

int64_t stream_shaking_ns(const struct stream *s)
{
	return s->state == STREAM_HANDSHAKE ? s->begun_ns : 0;
}

static void handshake_done(struct stream *s)
{
	s->report.tls_resumed = tls_resume_done(s->ssl);
	s->report.tls_ns = clock_monotonic_ns() - s->begun_ns;
	s->report.cert_not_after_s = tls_peer_not_after_s(s->ssl);
	s->report.verified_not_after_s = tls_peer_verified_not_after_s(s->ssl);
	s->begun_ns += s->report.tls_ns;
	stream_is_up(s);
}

static void shake_hands(struct stream *s)
{
	int n, err;

	ERR_clear_error();
	n = SSL_do_handshake(s->ssl);
	if (n != 1 && SSL_get_error(s->ssl, n) != SSL_ERROR_WANT_READ) {
		stream_tls_fail(s);
		return;
	}
	err = stream_tls_flush(s, NULL);
	if (err)
		stream_end(s, PROBE_INTERNAL, err, strerror(err));
	else if (n == 1)
		handshake_done(s);
}

void stream_tls_start(struct stream *s)
{
	s->state = STREAM_HANDSHAKE;
	shake_hands(s);
}

static void answer_records(struct stream *s)
{
	int err = stream_tls_flush(s, NULL);

	bio_slim(SSL_get_rbio(s->ssl));
	ERR_clear_error();
	if (err)
		stream_end(s, PROBE_INTERNAL, err, strerror(err));
}

void stream_tls_input(struct stream *s, const char *buf, size_t len, int64_t rx_ns)
{
	ERR_clear_error();
	if (BIO_write(SSL_get_rbio(s->ssl), buf, (int)len) != (int)len) {
		ERR_clear_error();
		stream_end(s, PROBE_INTERNAL, ENOMEM, strerror(ENOMEM));
		return;
	}
	if (s->state == STREAM_HANDSHAKE)
		shake_hands(s);
	if (s->state >= STREAM_UPGRADE && stream_live(s))
		read_records(s, rx_ns);
	if (stream_live(s))
		answer_records(s);
}

/* The peer left before the handshake was done. */
void stream_tls_lost(struct stream *s, int err)
{
	if (err == ECONNRESET || err == EPIPE || !err) {
		stream_tls_note(s, TLS_FAULT_CLOSED);
		s->report.cert_not_after_s = tls_peer_not_after_s(s->ssl);
		stream_end(s, PROBE_TLS, err,
			   err ? "connection reset by the peer during the handshake"
			       : "connection closed by the peer during the handshake");
		return;
	}
	stream_end(s, PROBE_CONNECT, err, strerror(err));
}

/*
 * The peer left. Its session is as good as before, however it did so (RFC 5246 7.2.1),
 * but OpenSSL would spoil it together with a connection that it believes to be open.
 */
void stream_tls_left(struct stream *s)
{
	SSL_set_shutdown(s->ssl, SSL_get_shutdown(s->ssl) | SSL_SENT_SHUTDOWN);
}

int stream_tls_send(struct stream *s, const char *buf, size_t len, int64_t *sent_ns)
{
	int n;

	if (!len)
		return 0;
	ERR_clear_error();
	n = SSL_write(s->ssl, buf, (int)len);
	ERR_clear_error();
	return n == (int)len ? stream_tls_flush(s, sent_ns) : EPROTO;
}

/* A polite end; nobody waits whether it arrives. */
void stream_tls_bye(struct stream *s)
{
	ERR_clear_error();
	SSL_shutdown(s->ssl);
	stream_tls_flush(s, NULL);
	ERR_clear_error();
}
