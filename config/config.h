/*
 * The configuration as plain structs: what a file said, checked, with every
 * default filled in. Nothing here knows SIP sockets, HTTP or metrics.
 *
 * A `struct config` is immutable once loaded. Equal strings and equal settings are
 * stored once, so that a trunk that adds nothing to its profile costs little more than
 * its name and its URI; compare settings by pointer only within one `struct config`.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/reader/errors.h"
#include "config/reader/pair.h"
#include "config/reader/readings.h"
#include "config/websocket/websocket.h"

enum config_transport {
	CONFIG_TRANSPORT_NONE, /* the URI does not say: RFC 3263 decides */
	CONFIG_TRANSPORT_UDP,
	CONFIG_TRANSPORT_TCP,
	CONFIG_TRANSPORT_TLS,
	CONFIG_TRANSPORT_WS,  /* WebSocket (RFC 7118) over TCP */
	CONFIG_TRANSPORT_WSS, /* the same over TLS */
	CONFIG_TRANSPORTS,
};

/* Whether there is TLS in it. */
static inline bool config_transport_is_tls(enum config_transport t)
{
	return t == CONFIG_TRANSPORT_TLS || t == CONFIG_TRANSPORT_WSS;
}

/* Whether SIP goes in WebSocket's messages. */
static inline bool config_transport_is_websocket(enum config_transport t)
{
	return t == CONFIG_TRANSPORT_WS || t == CONFIG_TRANSPORT_WSS;
}

enum config_answers_from {
	CONFIG_ANSWERS_FROM_PEER,     /* the address and port that was asked */
	CONFIG_ANSWERS_FROM_ANYWHERE, /* whoever knows our branch, tag and Call-ID */
};

enum config_connection {
	CONFIG_CONNECTION_FRESH, /* a new connection for every probe */
	CONFIG_CONNECTION_REUSE, /* one connection, kept and re-opened on failure */
};

enum config_family {
	CONFIG_FAMILY_ANY,
	CONFIG_FAMILY_IPV4,
	CONFIG_FAMILY_IPV6,
};

/* When a trunk with several addresses counts as up. */
enum config_up_when {
	CONFIG_UP_WHEN_ANY,	/* any address answers */
	CONFIG_UP_WHEN_ALL,	/* every address answers */
	CONFIG_UP_WHEN_PRIMARY, /* an address of the best priority answers */
};

enum config_tls_version {
	CONFIG_TLS_1_0,
	CONFIG_TLS_1_1,
	CONFIG_TLS_1_2,
	CONFIG_TLS_1_3,
};

/* A set of SIP status codes, 100 to 699; bit `code` of the array. */
struct config_codes {
	uint64_t bits[11];
};

struct config_tls {
	const char *ca_file;   /* NULL: the system's store. Absolute, as all paths here */
	const char *cert_file; /* PEM chain shown to the peer, or NULL */
	const char *key_file;  /* PEM key of cert_file, or NULL */
	const char *server_name; /* SNI and identity to verify; NULL: the URI's host */
	const char *ciphers;	 /* OpenSSL cipher list, or NULL */
	enum config_tls_version min_version;
	bool insecure_skip_verify;
	int64_t session_lifetime_us; /* how long one is resumed; 0: not at all */
};

/* Methods by which a trunk is checked; a bit each of config_settings.methods. */
enum config_method {
	CONFIG_METHOD_OPTIONS,
	CONFIG_METHOD_REGISTER,
	CONFIG_METHOD_INVITE, /* a call */
	CONFIG_METHODS,
};

/* Hashes of Digest, by strength; a bit each of config_auth.algorithms. */
enum config_digest {
	CONFIG_DIGEST_MD5,
	CONFIG_DIGEST_SHA_256,
	CONFIG_DIGEST_SHA_512_256,
};

/* Credentials for a peer that asks for them. */
struct config_auth {
	const char *username;
	const char *password; /* wiped when the configuration is freed */
	const char *realm;    /* the only one answered; NULL: any */
	unsigned algorithms;  /* those that are answered */
};

/* Which addresses of a name are checked by REGISTER. */
enum config_register_at {
	CONFIG_REGISTER_AT_ALL,
	CONFIG_REGISTER_AT_FIRST, /* the first that answers, by priority */
};

/* Things that a check by REGISTER does besides asking. */
struct config_register {
	const char *aor;     /* SIP URI of From and To; NULL: made from from or auth */
	int64_t expires_us;  /* how long a binding is to last */
	int64_t interval_us; /* between two REGISTER checks; 0: the trunk's interval */
	enum config_register_at at;
	bool bind; /* register our Contact, and keep it registered */
};

/* How far a check by INVITE goes. */
enum config_call_mode {
	CONFIG_CALL_RING,   /* CANCEL once it rings */
	CONFIG_CALL_ANSWER, /* be answered, stay a while, hang up */
	CONFIG_CALL_ECHO,   /* and hear our own tones come back */
	CONFIG_CALL_LOOP,   /* the call comes back to our own sip.listen */
};

/* Codecs of a call's offer; their RTP payload types (RFC 3551) are others. */
enum config_codec {
	CONFIG_CODEC_PCMU,
	CONFIG_CODEC_PCMA,
};

enum config_srtp {
	CONFIG_SRTP_OFF,
	CONFIG_SRTP_REQUIRED, /* RTP/SAVP, keys by SDES (RFC 4568) */
};

/* How what a call says is told; a bit each of config_call.nonce. */
enum config_nonce {
	CONFIG_NONCE_INBAND, /* as tones in the audio */
	CONFIG_NONCE_EVENTS, /* as events of RFC 4733 */
};

/* What a call that was answered may be at worst; 0: not judged by. */
struct config_call_degraded {
	double mos;  /* below is degraded */
	double loss; /* above is, as are the rest; 0.01: one of a hundred packets */
	int64_t jitter_us;
	int64_t post_dial_delay_us;
};

/* A check by INVITE. */
struct config_call {
	const char *to; /* number or user that is called; in config_calls */
	enum config_call_mode mode;
	enum config_srtp srtp;
	unsigned nonce;		   /* bits of enum config_nonce */
	int64_t interval_us;	   /* between two calls */
	int64_t answer_timeout_us; /* from INVITE to its final response */
	int64_t ring_for_us;	   /* with RING: from the first 18x to CANCEL */
	int64_t duration_us;	   /* from answer to BYE */
	int64_t jitter_buffer_us;  /* that quality is judged with */
	const int *codecs;	   /* enum config_codec, the preferred first */
	size_t codec_count;
	struct config_call_degraded degraded;
};

/* Questions of several sizes, over UDP. */
struct config_size {
	unsigned bytes; /* of a large request */
	unsigned every; /* probes from one check to the next */
};

/* Some requests at short distances, now and then, over UDP. */
struct config_train {
	unsigned count;
	int64_t gap_us;	  /* from one to the next */
	int64_t every_us; /* from one train to the next, at least */
	bool insist;	  /* also where the preset says that it does harm */
};

/* The address and port that requests leave from. */
struct config_local {
	const char *address; /* IPv4 or IPv6 literal; NULL: the kernel chooses */
	unsigned port;	     /* 0: any; over TCP and TLS too */
};

/* Whether a trunk is left alone: resolved and answered, but not probed. */
struct config_pause {
	bool on;
	int64_t until_s; /* seconds since the epoch, when that ends; 0: it does not */
};

/* Whether it is at that time of the wall clock. */
static inline bool config_pause_at(const struct config_pause *p, int64_t unix_s)
{
	return p->on && (!p->until_s || unix_s < p->until_s);
}

/* Questions about what becomes of our messages on the way. */
struct config_mirror {
	int64_t every_us;
};

/* How a trunk is probed and judged. Shared by all trunks with the same settings. */
struct config_settings {
	int64_t interval_us;	    /* time between probes while up */
	int64_t down_interval_us;   /* the same while not up or just failed */
	int64_t timeout_us;	    /* deadline of one probe, < interval_us */
	int64_t retry_after_max_us; /* by which a Retry-After moves a probe at most */
	int64_t t1_us;		    /* RFC 3261 timer T1, first retransmission over UDP */
	unsigned fall;		    /* failures in a row until down */
	unsigned rise;		    /* successes in a row until up again */
	unsigned max_forwards;
	const struct config_mirror *mirror; /* NULL: nothing is asked */
	bool trace_on_down;	   /* a trace when it goes down without an answer */
	unsigned dscp;		   /* of IP packets, 0 to 63 */
	int64_t expect_inbound_us; /* the peer's own OPTIONS come as often; 0: or not */
	enum config_connection connection;
	bool connection_set; /* by a file or a preset */
	enum config_answers_from answers_from;
	bool watch_changes; /* what a peer shows of itself is compared with before */
	bool mark_copies;   /* the copies of a request over UDP are numbered */
	enum config_family family;
	enum config_up_when up_when;
	struct config_codes up_codes;	    /* final responses that mean up */
	struct config_codes degraded_codes; /* … that mean degraded; wins over up_codes */
	struct config_local local;
	struct config_pause pause;
	/* SIP URI to send to instead of the trunk's, or NULL. */
	const char *outbound_proxy;
	/* Here and in route {peer}, {local} and {host} stand for a probe's own. */
	const char *request_uri;  /* NULL: the trunk's URI */
	const char *from;	  /* SIP URI, or NULL: made from our address */
	const char *to;		  /* SIP URI, or NULL: the Request-URI */
	const char *contact;	  /* SIP URI, or NULL: made from our address */
	const char *user_agent;	  /* NULL: siptrunk_exporter/VERSION */
	const char *const *route; /* SIP URIs of the Route set, in order */
	size_t route_count;
	const struct config_pair *headers; /* extra header fields, in order */
	size_t header_count;
	struct config_tls tls;
	struct config_websocket websocket;
	const char *preset; /* its name, or NULL; what it sets is here already */
	unsigned methods;   /* never 0 */
	const struct config_auth *auth;		    /* NULL: no credentials */
	const struct config_register *registration; /* NULL: a query, nothing bound */
	const struct config_size *size;		    /* NULL: nobody asks */
	const struct config_train *train;	    /* NULL: there are none */
	const struct config_call *call; /* never NULL with INVITE of a trunk */
};

struct config_trunk {
	const char *name;
	const char *uri;
	const char *profile;		  /* NULL: none named */
	const struct config_pair *labels; /* sorted by name, merged from all levels */
	const struct config_settings *settings;
	unsigned label_count;
	/* Where it is described, for messages: trunks[index] of the file. */
	unsigned index;
	unsigned line;
	unsigned col;
	const char *file;
};

/* The URI that is resolved: where requests go first. */
static inline const char *config_trunk_hop(const struct config_trunk *t)
{
	return t->settings->outbound_proxy ? t->settings->outbound_proxy : t->uri;
}

struct config_listen {
	enum config_transport transport; /* never NONE */
	const char *host;		 /* IPv4 or IPv6 literal, no brackets */
	uint16_t port;			 /* 0: any free one */
};

/* Prometheus' native histograms, kept beside the classic ones. */
struct config_native {
	bool kept;
	int schema;	      /* -4 to 8: 2^schema buckets each time a duration doubles */
	unsigned max_buckets; /* of one histogram; beyond, its resolution is halved */
};

struct config_sip {
	const struct config_listen *listen;
	size_t listen_count;
	struct config_tls tls;	     /* what a listening TLS socket shows and demands */
	unsigned answers_per_second; /* to the requests of each trunk's peer */
	bool match_certificate; /* who proves a trunk's name may come from anywhere */
};

/* Domains that are put behind names (resolv.conf(5)). */
struct config_search {
	bool system; /* those of resolv.conf */
	const char *const *domains;
	size_t count;
};

struct config_dns {
	/* "192.0.2.53", "192.0.2.53@5353"; none: the system's. */
	const char *const *servers;
	size_t server_count;
	struct config_search search; /* zeroed: names are taken as they are */
};

/* An entry of probe.allow: a name, or a network. */
struct config_allow {
	const char *name;    /* "sbc.example.com", ".example.com"; NULL: a network */
	uint8_t network[16]; /* IPv6, or IPv4 mapped into it */
	size_t prefix;	     /* bits of `network` that count */
};

/* Probes on demand. */
struct config_probe {
	const struct config_allow *allow; /* where they may go besides the trunks */
	size_t allow_count;
	unsigned max_concurrent;
};

/* Where the audio of calls goes. */
struct config_media {
	const char *address; /* ours, a literal; NULL: that which requests leave from */
	unsigned port_min;   /* even */
	unsigned port_max;
	const struct config_allow *networks; /* none has a name */
	size_t network_count;
};

/* Where messages are mirrored to. */
struct config_hep {
	bool on;	       /* the section is there */
	const char *collector; /* as a SIP URI: "sip:HOST:PORT" */
	unsigned id;	       /* of ours as a capture agent */
};

/* What calls may be made at all, all trunks together. */
struct config_calls {
	bool allowed;		    /* the section is there */
	const char *const *numbers; /* that may be called */
	size_t number_count;
	unsigned max_concurrent;
	unsigned max_per_hour;
	unsigned max_per_day;
	bool keep_audio;
	struct config_media media;
};

/* A profile by its name, for probes on demand. */
struct config_profile {
	const char *name;
	const struct config_settings *settings;
};

/* Bounds of what is remembered of single probes for the status page. */
struct config_status {
	unsigned history;    /* last probes kept of each target */
	unsigned memory_mib; /* for all of them and the ladders of failures */
};

/* Which of its reasons, causes and kinds a counter of failures shows. */
enum config_reasons {
	CONFIG_REASONS_ALL,  /* from the start, at 0 */
	CONFIG_REASONS_SEEN, /* once it was counted */
};

enum config_states {
	CONFIG_STATES_ALL,     /* each state a series, 1 or 0 */
	CONFIG_STATES_CURRENT, /* the one that it is, 1 */
};

/* How many series the metrics are. */
struct config_metrics {
	bool classic_histograms; /* with their buckets */
	enum config_reasons reasons;
	enum config_states states;
};

struct config {
	const char *path; /* the file; NULL: built in */
	const struct config_trunk *trunks;
	size_t trunk_count;
	const double *buckets; /* upper bounds in seconds, rising, without +Inf */
	size_t bucket_count;
	struct config_native native;
	struct config_metrics metrics;
	struct config_sip sip;
	struct config_dns dns;
	struct config_probe probe;
	struct config_calls calls;
	struct config_hep hep;
	const struct config_settings *defaults; /* of what names no profile */
	const struct config_profile *profiles;	/* in the file's order */
	size_t profile_count;
	struct config_status status;
	bool watch; /* load again when the file or one that it names changes */
	const char *const *globs; /* absolute patterns of trunk_files */
	size_t glob_count;
	/* What is allowed and worth a line, e.g. verification off. */
	struct config_errors warnings;
	/* Absolute names of what was read or is named, and DIR/. of each pattern. */
	const char *const *files;
	size_t file_count;
	/* Those of them that hold a password. */
	const char *const *secret_files;
	size_t secret_file_count;
	/* What it was read from, for config_unchanged(); 0: that cannot tell. */
	const struct readings_entry *readings;
	size_t reading_count;
	unsigned char digest[READINGS_DIGEST];
};

/*
 * Reads and checks a file and those it names.
 *
 * @cp:   set to the configuration on success, freed by the caller with config_free()
 * @path: a file; relative paths inside it are relative to its folder
 * @errs: zeroed by the caller; all errors found, and with them the files that were
 * wanted, freed with config_errors_clear()
 *
 * Returns 0; EINVAL with at least one error listed; ENOMEM.
 */
int config_load(struct config **cp, const char *path, struct config_errors *errs);

/* The same from memory. @path names the text in messages and its folder. */
int config_parse(struct config **cp, const char *text, size_t len, const char *path,
		 struct config_errors *errs);

/*
 * Whether a load would read now what @c was made from, byte for byte: its file, those it
 * names, and what its patterns match. Reads all of them, which costs a tenth of a load or
 * less. Any thread. False where that cannot be told, e.g. of a pipe, and where a pause
 * has an end: what that means, time decides.
 */
bool config_unchanged(const struct config *c);

/*
 * Frees a configuration, or takes back one config_keep(). Secrets are overwritten.
 */
void config_free(struct config *c);

/*
 * Adds a warning found after the load, by who knows more than the files say.
 *
 * @warnings: zeroed by the caller at first, freed with config_errors_clear()
 * @t:        the trunk it is about; NULL: the configuration as a whole
 * @key:      the setting to blame, by its path from there ("uri", "tls.cert_file"); NULL:
 *            none
 *
 * Returns 0, also for those past CONFIG_ERRORS_MAX, which are counted; ENOMEM.
 */
__attribute__((format(printf, 5, 6))) int
config_warn(struct config_errors *warnings, const struct config *conf,
	    const struct config_trunk *t, const char *key, const char *fmt, ...);

/* Keeps it past its owner's config_free(). Main thread only. Returns @c. */
struct config *config_keep(const struct config *c);

/* Whether two trunks, of any two configurations, would be probed and shown alike. */
bool config_trunk_equal(const struct config_trunk *a, const struct config_trunk *b);

/* Whether it is registered somewhere; not while it is paused. */
bool config_trunk_binds(const struct config_trunk *t);

/*
 * Whether two trunks register the same Contact for the same address of record at the same
 * registrar, as far as their descriptions tell.
 */
bool config_trunk_binds_alike(const struct config_trunk *a, const struct config_trunk *b);

/* Whether @code, any number, is in the set. */
static inline bool config_codes_has(const struct config_codes *c, unsigned code)
{
	return code < 64 * 11 && (c->bits[code / 64] >> (code % 64) & 1);
}

/* Writes the JSON Schema (draft 2020-12) made from the tables that validate. */
void config_schema_print(FILE *out);

#endif
