/* What may be asked of a stream. */
#include <errno.h>

#include "sipprobe/transport/stream_private.h"

const struct sa *stream_local(const struct stream *s)
{
	return &s->local;
}

const struct sa *stream_peer(const struct stream *s)
{
	return &s->peer;
}

const struct stream_report *stream_report(const struct stream *s)
{
	return &s->report;
}

bool stream_certificate(const struct stream *s, struct engine_certificate *out)
{
	return s->ssl && tls_peer_certificate(s->ssl, out);
}

int stream_chain(const struct stream *s, struct chain **cp)
{
	return s->ssl ? tls_peer_chain(cp, s->ssl) : ENOENT;
}

bool stream_shown(const struct stream *s, struct tls_shown *out)
{
	return s->ssl && tls_peer_shown(s->ssl, out);
}

void stream_rehearse(const struct stream *s, const struct tls_rehearsal *r,
		     struct rehearsal *out)
{
	*out = (struct rehearsal){0};
	if (s->ssl)
		tls_rehearse(out, r, s->ssl);
}

bool stream_is_overdue(const struct stream *s)
{
	return s->fd >= 0 && stream_socket_is_overdue(s->fd);
}

int64_t stream_rx_ns(const struct stream *s)
{
	return s->rx_ns;
}

bool stream_proves(const struct stream *s, const char *name)
{
	return s->ssl && s->state == STREAM_UP && tls_peer_proves(s->ssl, name);
}

bool stream_verified(const struct stream *s)
{
	return s->ssl && s->state == STREAM_UP && tls_peer_verified(s->ssl);
}

bool stream_is_tls(const struct stream *s)
{
	return s->ssl != NULL;
}

bool stream_accepted(const struct stream *s)
{
	return s->accepted;
}

struct stream_mark *stream_mark(struct stream *s)
{
	return &s->mark;
}
