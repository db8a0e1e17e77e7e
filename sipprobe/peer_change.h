/*
 * What a peer shows of itself, and how that changed: its software and abilities by its
 * answers, over TLS its key and who vouches for it. No libre types: other layers see it.
 */
#ifndef SIPPROBE_PEER_CHANGE_H
#define SIPPROBE_PEER_CHANGE_H

#include <stdatomic.h>
#include <stdint.h>

enum peer_trait {
	PEER_ALLOW,
	PEER_SUPPORTED,
	PEER_ACCEPT,
	PEER_SOFTWARE, /* Server, User-Agent */
	PEER_SDP,      /* the codecs of a body */
	PEER_TLS,      /* version and cipher */
	PEER_KEY,      /* the public key of its certificate */
	PEER_ROOT,     /* who issued that, and the authority that it was verified by */
	PEER_TRAITS,
};

enum { PEER_TEXT = 257 }; /* bytes of a trait's text, with its end */

/* "allow", "supported", …; a label's value. */
const char *peer_trait_name(enum peer_trait t);

/* One trait that became another. Texts are printable ASCII; "": it had none. */
struct peer_change {
	atomic_uint refs;
	enum peer_trait trait;
	unsigned code;		/* of the answers that showed it; 0: of the handshake */
	int64_t before_unix_ns; /* wall clock; when the former was there first */
	int64_t now_unix_ns;	/* when the present one was */
	const char *before;
	const char *now;
	char texts[]; /* what these point to */
};

/*
 * Copies @from, with its texts. One reference is the caller's; it does not change any
 * more.
 *
 * Returns NULL without memory.
 */
struct peer_change *peer_change_copy(const struct peer_change *from);

/* Any thread. NULL is ignored. */
struct peer_change *peer_change_ref(struct peer_change *c);
void peer_change_unref(struct peer_change *c);

#endif
