#include "sipprobe/peer_change.h"

#include <stdlib.h>
#include <string.h>

const char *peer_trait_name(enum peer_trait t)
{
	static const char *const names[PEER_TRAITS] = {
		[PEER_ALLOW] = "allow",	  [PEER_SUPPORTED] = "supported",
		[PEER_ACCEPT] = "accept", [PEER_SOFTWARE] = "software",
		[PEER_SDP] = "sdp",	  [PEER_TLS] = "tls",
		[PEER_KEY] = "key",	  [PEER_ROOT] = "root",
	};

	return names[t];
}

struct peer_change *peer_change_copy(const struct peer_change *from)
{
	size_t before = strlen(from->before) + 1, now = strlen(from->now) + 1;
	struct peer_change *c = malloc(sizeof(*c) + before + now);

	if (!c)
		return NULL;
	*c = *from;
	atomic_init(&c->refs, 1);
	c->before = memcpy(c->texts, from->before, before);
	c->now = memcpy(c->texts + before, from->now, now);
	return c;
}

struct peer_change *peer_change_ref(struct peer_change *c)
{
	if (c)
		atomic_fetch_add(&c->refs, 1);
	return c;
}

void peer_change_unref(struct peer_change *c)
{
	if (c && atomic_fetch_sub(&c->refs, 1) == 1)
		free(c);
}
