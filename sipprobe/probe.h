/* The result of one probe, by value. No libre types: other layers see it. */
#ifndef SIPPROBE_PROBE_H
#define SIPPROBE_PROBE_H

#include <stdint.h>

#include "sipprobe/call_report.h"

/* Outcomes of the network. Failures of our own machinery are `err`, an errno value. */
enum probe_outcome {
	PROBE_RESPONSE,	   /* a final response arrived, `code` says which */
	PROBE_TIMEOUT,	   /* nothing final before the deadline */
	PROBE_DNS,	   /* the name gave no address */
	PROBE_REFUSED,	   /* ICMP port unreachable, or TCP RST to our SYN */
	PROBE_UNREACHABLE, /* ICMP host or network unreachable, prohibited, no route */
	PROBE_CONNECT,	 /* the connection could not be made, or broke before an answer */
	PROBE_TLS,	 /* the handshake or the peer's certificate failed */
	PROBE_PROTOCOL,	 /* what came back is not SIP */
	PROBE_AUTH,	 /* our credentials were refused */
	PROBE_INTERNAL,	 /* our own machinery failed, `err` says how */
	PROBE_ELSEWHERE, /* an answer came, but from another address or port */
	PROBE_WEBSOCKET, /* no WebSocket there, or the peer broke its rules or closed it
			  */
	PROBE_OUTCOMES,
};

/* The outcome as seen by the trunk's up_codes and degraded_codes. */
enum probe_verdict {
	PROBE_UP,
	PROBE_DEGRADED,
	PROBE_DOWN,
};

enum probe_phase {
	PROBE_PHASE_RESOLVE,
	PROBE_PHASE_CONNECT,
	PROBE_PHASE_TLS,
	PROBE_PHASE_WEBSOCKET,
	PROBE_PHASE_ANSWER, /* request sent to final response received */
	PROBE_PHASES,
};

enum { PROBE_DETAIL = 96 };

struct probe_result {
	enum probe_outcome outcome;
	enum probe_verdict verdict;
	int err;			/* errno behind the outcome, or 0 */
	unsigned code;			/* final status code, 100–699, or 0 */
	unsigned retransmissions;	/* of the request, over UDP */
	int retry_after_s;		/* of the final response, or -1 */
	int64_t begun_unix_ns;		/* wall clock at the probe's begin */
	int64_t ended_ns;		/* monotonic; when it was known; 0: now */
	int64_t phase_ns[PROBE_PHASES]; /* -1: the probe had no such phase */
	/* End of the registration, seconds since the epoch; 0: none; -1: not told. */
	int64_t registered_until_s;
	int64_t cert_not_after_s;     /* earliest expiry in the peer's chain, or 0 */
	int64_t verified_not_after_s; /* the same in what of it was verified, or 0 */
	uint16_t priority, weight;    /* of the address, by SRV; 0 without */
	uint8_t tls_cause;	      /* of PROBE_TLS, enum tls_failure; 0: unknown */
	uint8_t tls_fault;	      /* the same finer, enum tls_fault; 0: unknown */
	bool tls_resumed;	      /* its handshake resumed a session */
	uint8_t dns_hint;	      /* of PROBE_DNS, enum dns_hint */
	uint8_t reply_ttl; /* TTL or hop limit of the answer over UDP; 0: unknown */
	char call_id[36];  /* of the request */
	char phrase[48];   /* reason phrase, printable ASCII; for people */
	char detail[PROBE_DETAIL]; /* of a failure, for people; or "" */
	struct call_report call;   /* of INVITE; else `made` is false */
};

/* One that learnt nothing yet. */
static inline struct probe_result probe_result_none(void)
{
	return (struct probe_result){
		.retry_after_s = -1,
		.phase_ns = {-1, -1, -1, -1, -1},
		.registered_until_s = -1,
	};
}

/* Copies of requests over UDP, and what came back for them. */
struct probe_loss {
	uint32_t requests;   /* sent, retransmissions included */
	uint32_t answers;    /* first ones and duplicates, late ones too */
	uint32_t lost;	     /* requests that nothing came back for */
	uint32_t lost_there; /* those of them that did not arrive, as far as is known */
	uint32_t lost_back;  /* those of them whose answer was lost, likewise */
};

/* How a response to a request of ours came from another place than it went to. */
enum probe_misdirected {
	PROBE_MISDIRECTED_NONE,
	PROBE_MISDIRECTED_PORT,	   /* another port of the same address */
	PROBE_MISDIRECTED_ADDRESS, /* another address */
	PROBE_MISDIRECTEDS,
};

/* "port" or "address"; metrics' `kind`. */
const char *probe_misdirected_name(enum probe_misdirected m);

/* "timeout", "dns", …, "response" for PROBE_RESPONSE; metrics' `reason`. */
const char *probe_outcome_name(enum probe_outcome o);
const char *probe_phase_name(enum probe_phase p);

#endif
