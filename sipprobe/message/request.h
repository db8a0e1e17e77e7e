/*
 * A request's bytes, made once for a target and stamped anew for each transaction: a
 * probe costs a copy of 64 hexadecimal digits, not a print. Between probes that are far
 * apart only those digits are kept.
 */
#ifndef SIPPROBE_MESSAGE_REQUEST_H
#define SIPPROBE_MESSAGE_REQUEST_H

#include <strings.h>

#include "config/config.h"
#include "sipprobe/loop/cache.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/loop/token.h"
#include "sipprobe/message/guard.h"

enum {
	REQUEST_KEY_LEN = 16,			      /* digits of the branch's secret */
	REQUEST_TAG_LEN = 16,			      /* digits of the From tag */
	REQUEST_CALL_ID_LEN = 32,		      /* digits of the Call-ID */
	REQUEST_BRANCH_LEN = 7 + 8 + REQUEST_KEY_LEN, /* cookie, index, secret */
	REQUEST_COPIES_MAX = 99,		      /* that can be told apart */
};

/* What tells requests of one target apart: digits as token_pack() keeps them. */
struct request_stamps {
	uint32_t key[REQUEST_KEY_LEN / TOKEN_DIGITS];
	uint32_t tag[REQUEST_TAG_LEN / TOKEN_DIGITS];
	uint32_t call_id[REQUEST_CALL_ID_LEN / TOKEN_DIGITS];
};

struct request {
	char *buf; /* owned; NULL: not made yet, or shrunk */
	uint32_t cseq;
	uint16_t len;
	bool shrunk; /* its stamps are there, and no more */
	union {
		struct {
			uint16_t branch; /* offsets in buf */
			uint16_t tag;
			uint16_t call_id;
			uint16_t copy; /* of two digits; 0: copies have no number */
		};
		struct request_stamps kept; /* while it is shrunk */
	};
};

enum { REQUEST_URI_SIZE = 1400 }; /* no URI of the configuration is longer */

/* Parts of a REGISTER that other requests lack (RFC 3261 10.2). */
struct request_register {
	const char *registrar; /* Request-URI */
	const char *aor;       /* URI of From and To */
	const char *contact;   /* URI that is bound; NULL: none, so only a question */
	const char *stale;     /* URI that is taken back along with it, or NULL */
	uint32_t expires_s;    /* of the binding */
};

/* Parts of an INVITE that other requests lack. */
struct request_call {
	const char *uri;  /* who is called: Request-URI and To */
	const char *body; /* SDP, NULL without */
};

/* Everything that a request is made from; nothing of it is kept. */
struct request_info {
	const char *method;
	const struct config_trunk *trunk;
	enum config_transport transport; /* never NONE */
	const struct sa *local;		 /* for Via, and Contact and From by default */
	uint32_t index;			 /* of the target; goes into the branch */
	const char *agent;		 /* User-Agent by default */
	/*
	 * A name below .invalid (RFC 7118 5.1, 5.2.4), which stands for our end in Via
	 * and Contact over WebSocket, as nobody can connect to us; NULL: @local stands
	 * there.
	 */
	const char *nowhere;
	uint32_t cseq;	    /* 0: 1 */
	const char *fields; /* more header fields, with their line ends; or NULL */
	const char *via;    /* more parameters of Via, each with its semicolon; or NULL */
	const struct request_register *registration; /* NULL: no REGISTER */
	const struct sa *peer;		 /* {peer} in templates; NULL: none has it */
	const struct request_call *call; /* NULL: no INVITE */
	const char *sent_by;		 /* in Via in place of our address; NULL: that */
	const char *call_id_host; /* behind the Call-ID's digits and an @; NULL: none */
};

/*
 * Makes the bytes; made anew, they keep the stamps that they had.
 *
 * Returns 0, ENOMEM, or EOVERFLOW past 64 KiB. @r is untouched on failure.
 */
int request_make(struct request *r, const struct request_info *info);

/* Frees the bytes; the request may be made anew. */
void request_free(struct request *r);

/*
 * Keeps the stamps alone, by which answers are known; to be made anew before it is sent.
 * With stamps that it was not given by request_stamp() all of it stays.
 */
void request_shrink(struct request *r);

/* Brings the bytes into the cache: they are sent next. */
static inline void request_fetch(const struct request *r)
{
	if (r->buf)
		cache_fetch(r->buf, r->len);
}

/*
 * Gives the request a branch, a From tag and a Call-ID of its own. To be called before
 * each transaction; a retransmission is the same bytes again.
 *
 * Returns 0 or EIO without randomness.
 */
int request_stamp(struct request *r);

/* A branch of its own only: for the next request of the same Call-ID. */
int request_stamp_branch(struct request *r);

/*
 * Numbers the copy that is sent next, from 1 on, in a parameter of its Via, if the
 * request was made with one (`mark_copies`). Past REQUEST_COPIES_MAX it is 0: no number.
 */
void request_number_copy(struct request *r, unsigned n);

/* The secret of the branch, REQUEST_KEY_LEN digits; of a request that is not shrunk. */
static inline const char *request_key(const struct request *r)
{
	return r->buf + r->branch + REQUEST_BRANCH_LEN - REQUEST_KEY_LEN;
}

/* Whether a response's branch is that of a request with this key. Case is nothing in it.
 */
static inline bool request_branch_has(const struct pl *branch, const char *key)
{
	return branch->l == REQUEST_BRANCH_LEN &&
	       !strncasecmp(branch->p + REQUEST_BRANCH_LEN - REQUEST_KEY_LEN, key,
			    REQUEST_KEY_LEN);
}

/* The same, packed, of one that may be shrunk; zeros where it was never stamped. */
void request_pack_key(uint32_t key[REQUEST_KEY_LEN / TOKEN_DIGITS],
		      const struct request *r);
bool request_branch_has_packed(const struct pl *branch, const uint32_t *key);

/* Whether a branch is that of the request as last stamped. */
bool request_owns_branch(const struct request *r, const struct pl *branch);

/*
 * Writes a configured URI as it is in a request, its placeholder filled in.
 *
 * @text: NULL: the Request-URI
 *
 * Returns 0, ENOMEM or ENOBUFS.
 */
int request_uri_of(char *out, size_t size, const struct request_info *info,
		   const char *text);

/*
 * Makes a name for `nowhere`, one that nobody else has: "2f0c9a71d3e8.invalid".
 *
 * Returns 0 or EIO without randomness.
 */
int request_nowhere(char *out, size_t size);

/* As a Via has it (RFC 3261 7.1, 20.42; RFC 7118 5.1): "UDP", "TCP", "TLS", "WS", "WSS".
 */
const char *request_transport_name(enum config_transport t);

/*
 * Writes the URI of the Contact that a request has: the configured one, or one made of
 * our address and @user. Returns the same.
 */
int request_contact(char *out, size_t size, const struct request_info *info,
		    const char *user);

/*
 * Whether a response answers the request as last stamped: branch, Call-ID, CSeq number
 * and method, and From tag (RFC 3261 17.1.3, and more than it asks). Where it came from
 * is the caller's to check.
 */
bool request_answered_by(const struct request *r, const char *method,
			 const struct guard_message *m);

/*
 * What of a response that has the request's branch is not the request's, in words; NULL
 * where nothing is, or the branch is another.
 */
const char *request_mismatch(const struct request *r, const char *method,
			     const struct guard_message *m);

/* Whether a branch looks like ours; then @index is the target's. */
bool request_branch_index(const struct pl *branch, uint32_t *index);

#endif
