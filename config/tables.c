/* What a configuration may say: every section, key, range, default and description. */
#include <stddef.h>

#include "config/level.h"
#include "config/load.h"

#define MS  INT64_C(1000)
#define S   (1000 * MS)
#define DAY (24 * 3600 * S)

#define SETTING(m) .offset = offsetof(struct level, s.m)
#define TLS(m)	   .offset = offsetof(struct config_tls, m)

static const char *const names_version[] = {"TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3", NULL};
static const char *const names_connection[] = {"fresh", "reuse", NULL};
static const char *const names_family[] = {"any", "ipv4", "ipv6", NULL};
static const char *const names_up_when[] = {"any", "all", "primary", NULL};

static const struct field fields_tls[] = {
	{.key = "ca_file",
	 .about = "PEM file of the authorities to trust; the system's store when not "
		  "given",
	 .kind = &kind_file,
	 TLS(ca_file),
	 .min = 1,
	 .max = 4096},
	{.key = "cert_file",
	 .about = "PEM file of the certificate chain shown to the peer",
	 .kind = &kind_file,
	 TLS(cert_file),
	 .min = 1,
	 .max = 4096},
	{.key = "key_file",
	 .about = "PEM file of the key that belongs to cert_file",
	 .kind = &kind_file,
	 TLS(key_file),
	 .min = 1,
	 .max = 4096},
	{.key = "server_name",
	 .about = "name sent to the peer (SNI) and looked for in its certificate; the "
		  "URI's host when not given",
	 .kind = &kind_host,
	 TLS(server_name),
	 .min = 1,
	 .max = 254},
	{.key = "ciphers",
	 .about = "OpenSSL cipher list for TLS 1.2 and older",
	 .kind = &kind_text,
	 TLS(ciphers),
	 .min = 1,
	 .max = 1024},
	{.key = "min_version",
	 .about = "oldest TLS version spoken",
	 .kind = &kind_choice,
	 TLS(min_version),
	 .more = names_version,
	 .initial = "\"TLS1.2\""},
	{.key = "insecure_skip_verify",
	 .about = "true: the peer's certificate is not verified; for tests only",
	 .kind = &kind_flag,
	 TLS(insecure_skip_verify),
	 .initial = "false"},
};

const struct section section_tls = {
	.name = "tls",
	.about = "TLS; merged key by key over the levels",
	.fields = fields_tls,
	.count = sizeof(fields_tls) / sizeof(fields_tls[0]),
};

#define AUTH(m)	    .offset = offsetof(struct config_auth, m)
#define REGISTER(m) .offset = offsetof(struct config_register, m)

static const char *const names_methods[] = {"OPTIONS", "REGISTER", NULL};
static const char *const names_digest[] = {"MD5", "SHA-256", "SHA-512-256", NULL};

static const struct field fields_auth[] = {
	{.key = "username",
	 .about = "user name of the Digest credentials",
	 .kind = &kind_username,
	 AUTH(username),
	 .min = 1,
	 .max = 255,
	 .required = true},
	{.key = "password",
	 .about = "password; ${NAME} in it stands for an environment variable",
	 .kind = &kind_secret,
	 AUTH(password),
	 .min = 1,
	 .max = 1024},
	{.key = "password_file",
	 .about = "file that holds the password and perhaps a line end after it",
	 .kind = &kind_secret_file,
	 AUTH(password),
	 .min = 1,
	 .max = 4096},
	{.key = "realm",
	 .about = "the only realm whose challenges are answered; any when not given",
	 .kind = &kind_username,
	 AUTH(realm),
	 .min = 1,
	 .max = 255},
	{.key = "algorithms",
	 .about = "hashes that are answered; a challenge that offers only others fails",
	 .kind = &kind_names,
	 AUTH(algorithms),
	 .more = names_digest,
	 .initial = "[\"MD5\", \"SHA-256\", \"SHA-512-256\"]"},
};

static const char *const one_password[] = {"password", "password_file", NULL};

static const struct section section_auth = {
	.name = "auth",
	.about = "Digest credentials; taken whole from the nearest level that has them",
	.fields = fields_auth,
	.count = sizeof(fields_auth) / sizeof(fields_auth[0]),
	.one_of = one_password,
};

static const struct record_kind record_auth = {
	.section = &section_auth,
	.size = sizeof(struct config_auth),
};

static const struct field fields_register[] = {
	{.key = "bind",
	 .about =
		 "true: registers our Contact and keeps it registered; false: asks which "
		 "contacts are registered and changes nothing",
	 .kind = &kind_flag,
	 REGISTER(bind),
	 .initial = "false"},
	{.key = "expires",
	 .about = "how long a registration is asked to last; in whole seconds",
	 .kind = &kind_duration,
	 REGISTER(expires_us),
	 .min = S,
	 .max = 7 * DAY,
	 .initial = "\"1h\""},
	{.key = "interval",
	 .about = "time between two checks by REGISTER, longer than timeout; the trunk's "
		  "interval when not given",
	 .kind = &kind_duration,
	 REGISTER(interval_us),
	 .min = 100 * MS,
	 .max = DAY},
	{.key = "aor",
	 .about = "SIP URI that is registered, in From and To; from when not given, else "
		  "the user name of auth at the host of the trunk's uri",
	 .kind = &kind_uri,
	 REGISTER(aor)},
};

static const struct section section_register = {
	.name = "register",
	.about = "checks by REGISTER; taken whole from the nearest level that has it",
	.fields = fields_register,
	.count = sizeof(fields_register) / sizeof(fields_register[0]),
};

static const struct record_kind record_register = {
	.section = &section_register,
	.size = sizeof(struct config_register),
};

_Static_assert(sizeof(fields_auth) / sizeof(struct field) <= RECORD_FIELDS_MAX &&
		       sizeof(fields_register) / sizeof(struct field) <=
			       RECORD_FIELDS_MAX &&
		       sizeof(struct config_auth) <= RECORD_SIZE_MAX &&
		       sizeof(struct config_register) <= RECORD_SIZE_MAX,
	       "a record's reader has room for every row");

static const struct field fields_settings[] = {
	{.key = "interval",
	 .about = "time between two probes while the trunk is up",
	 .kind = &kind_duration,
	 SETTING(interval_us),
	 .min = 100 * MS,
	 .max = DAY,
	 .initial = "\"30s\""},
	{.key = "timeout",
	 .about = "deadline of one probe, shorter than interval",
	 .kind = &kind_duration,
	 SETTING(timeout_us),
	 .min = 10 * MS,
	 .max = DAY,
	 .initial = "\"5s\""},
	{.key = "down_interval",
	 .about =
		 "time between two probes while the trunk is not up, at least timeout; a "
		 "third of interval when not given, but not less than timeout",
	 .kind = &kind_duration,
	 SETTING(down_interval_us),
	 .min = 10 * MS,
	 .max = DAY},
	{.key = "t1",
	 .about = "RFC 3261 timer T1: wait before the first retransmission over UDP",
	 .kind = &kind_duration,
	 SETTING(t1_us),
	 .min = 10 * MS,
	 .max = 32 * S,
	 .initial = "\"500ms\""},
	{.key = "fall",
	 .about = "failures in a row until the trunk is down",
	 .kind = &kind_number,
	 SETTING(fall),
	 .min = 1,
	 .max = 100,
	 .initial = "3"},
	{.key = "rise",
	 .about = "successes in a row until the trunk is up again",
	 .kind = &kind_number,
	 SETTING(rise),
	 .min = 1,
	 .max = 100,
	 .initial = "2"},
	{.key = "max_forwards",
	 .about = "Max-Forwards of a probe",
	 .kind = &kind_number,
	 SETTING(max_forwards),
	 .min = 0,
	 .max = 255,
	 .initial = "70"},
	{.key = "connection",
	 .about = "over TCP and TLS: a fresh connection for every probe, or one that is "
		  "kept",
	 .kind = &kind_choice,
	 SETTING(connection),
	 .more = names_connection,
	 .initial = "\"fresh\""},
	{.key = "family",
	 .about = "which addresses of the trunk's name are probed",
	 .kind = &kind_choice,
	 SETTING(family),
	 .more = names_family,
	 .initial = "\"any\""},
	{.key = "up_when",
	 .about = "a trunk of several addresses is up when any answers, all answer, or "
		  "one "
		  "of the best priority does",
	 .kind = &kind_choice,
	 SETTING(up_when),
	 .more = names_up_when,
	 .initial = "\"any\""},
	{.key = "up_codes",
	 .about = "final responses that mean up: codes, classes (\"2xx\"), ranges "
		  "(\"401-499\")",
	 .kind = &kind_codes,
	 SETTING(up_codes),
	 .min = 1,
	 .initial = "[\"2xx\", \"3xx\", \"400-407\", \"409-499\", 501, \"6xx\"]"},
	{.key = "degraded_codes",
	 .about = "final responses that mean degraded; wins over up_codes",
	 .kind = &kind_codes,
	 SETTING(degraded_codes),
	 .initial = "[503]"},
	{.key = "dscp",
	 .about = "DSCP of the packets sent, a number or a name such as \"CS3\" or "
		  "\"AF31\"",
	 .kind = &kind_dscp,
	 SETTING(dscp),
	 .min = 0,
	 .max = 63,
	 .initial = "0"},
	{.key = "local",
	 .about = "address and port to send from; trunks with the same ones share a "
		  "socket",
	 .kind = &kind_local,
	 SETTING(local),
	 .more = &section_local},
	{.key = "outbound_proxy",
	 .about = "SIP URI to send to instead of the trunk's; with ;lr it becomes the "
		  "first Route too",
	 .kind = &kind_uri,
	 SETTING(outbound_proxy)},
	{.key = "expect_inbound",
	 .about = "longest time between two OPTIONS of the peer to us; past it the trunk "
		  "is degraded",
	 .kind = &kind_duration,
	 SETTING(expect_inbound_us),
	 .min = S,
	 .max = DAY},
	{.key = "paused",
	 .about = "true: the trunk is not probed and has no state; its peer is still "
		  "answered",
	 .kind = &kind_flag,
	 SETTING(paused),
	 .initial = "false"},
	{.key = "preset",
	 .about = "settings that suit a kind of peer; between defaults and profile",
	 .kind = &kind_preset,
	 .offset = offsetof(struct level, preset)},
	{.key = "request_uri",
	 .about = "Request-URI of a probe; the trunk's uri when not given",
	 .kind = &kind_template,
	 SETTING(request_uri)},
	{.key = "from",
	 .about = "SIP URI of From; made from our address when not given",
	 .kind = &kind_template,
	 SETTING(from)},
	{.key = "to",
	 .about = "SIP URI of To; the Request-URI when not given",
	 .kind = &kind_template,
	 SETTING(to)},
	{.key = "contact",
	 .about = "SIP URI of Contact; made from our address when not given",
	 .kind = &kind_template,
	 SETTING(contact)},
	{.key = "user_agent",
	 .about = "User-Agent of a probe; siptrunk_exporter and its version when not "
		  "given",
	 .kind = &kind_text,
	 SETTING(user_agent),
	 .min = 1,
	 .max = 256},
	{.key = "route",
	 .about = "SIP URIs of the Route set, in order",
	 .kind = &kind_list,
	 SETTING(route),
	 .beside = offsetof(struct level, s.route_count),
	 .max = 16,
	 .more = &list_templates},
	{.key = "headers",
	 .about = "extra header fields of a probe, in order",
	 .kind = &kind_pairs,
	 SETTING(headers),
	 .beside = offsetof(struct level, s.header_count),
	 .max = 32,
	 .more = &pairs_headers},
	{.key = "tls",
	 .about = "TLS towards the peer; merged key by key over the levels",
	 .kind = &kind_section,
	 SETTING(tls),
	 .beside = offsetof(struct level, tls_set),
	 .more = &section_tls},
	{.key = "method",
	 .about = "method of the check, or a list of them, each a check of its own",
	 .kind = &kind_names,
	 SETTING(methods),
	 .more = names_methods,
	 .initial = "\"OPTIONS\""},
	{.key = "auth",
	 .about = "Digest credentials; taken whole from the nearest level that has them",
	 .kind = &kind_record,
	 SETTING(auth),
	 .more = &record_auth},
	{.key = "register",
	 .about = "checks by REGISTER; taken whole from the nearest level that has it",
	 .kind = &kind_record,
	 SETTING(registration),
	 .more = &record_register},
	{.key = "labels",
	 .about = "labels of the trunk's series; merged over the levels, the nearest "
		  "wins, "
		  "an empty value takes a label away",
	 .kind = &kind_pairs,
	 .offset = offsetof(struct level, labels),
	 .beside = offsetof(struct level, label_count),
	 .max = 64,
	 .more = &pairs_labels},
};

const struct section section_settings = {
	.name = "settings",
	.about = "how trunks are probed and judged",
	.fields = fields_settings,
	.count = sizeof(fields_settings) / sizeof(fields_settings[0]),
};

static const struct field fields_trunk[] = {
	{.key = "name",
	 .about = "name of the trunk, its label in every series; no two have the same",
	 .kind = &kind_text,
	 .offset = offsetof(struct level, name),
	 .min = 1,
	 .max = 255,
	 .required = true},
	{.key = "uri",
	 .about = "SIP or SIPS URI that is probed",
	 .kind = &kind_uri,
	 .offset = offsetof(struct level, uri),
	 .required = true},
	{.key = "profile",
	 .about = "name of the profile whose settings the trunk takes",
	 .kind = &kind_profile,
	 .offset = offsetof(struct level, profile)},
};

const struct section section_trunk = {
	.name = "trunk",
	.about = "a trunk: its name, its URI and any setting",
	.base = &section_settings,
	.fields = fields_trunk,
	.count = sizeof(fields_trunk) / sizeof(fields_trunk[0]),
};

_Static_assert(sizeof(fields_settings) / sizeof(struct field) +
			       sizeof(fields_trunk) / sizeof(struct field) <=
		       LEVEL_FIELDS_MAX,
	       "struct level has room for every row");
_Static_assert(sizeof(fields_tls) / sizeof(struct field) <= TLS_FIELDS_MAX,
	       "struct level has room for every row");

static const struct field fields_histogram[] = {
	{.key = "buckets",
	 .about = "upper bounds in seconds, rising, without +Inf",
	 .kind = &kind_list,
	 .offset = offsetof(struct load, buckets),
	 .beside = offsetof(struct load, bucket_count),
	 .min = 1,
	 .max = 64,
	 .initial = "[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4]",
	 .more = &list_buckets},
	{.key = "native",
	 .about = "whether native histograms are kept, for clients that take protobuf",
	 .kind = &kind_flag,
	 .offset = offsetof(struct load, native.kept),
	 .initial = "true"},
	{.key = "native_schema",
	 .about =
		 "resolution of native histograms: 2^schema buckets each time a duration "
		 "doubles",
	 .kind = &kind_integer,
	 .offset = offsetof(struct load, native.schema),
	 .min = -4,
	 .max = 8,
	 .initial = "3"},
	{.key = "native_max_buckets",
	 .about = "buckets of one native histogram; beyond, its resolution is halved",
	 .kind = &kind_number,
	 .offset = offsetof(struct load, native.max_buckets),
	 .min = 8,
	 .max = 1024,
	 .initial = "160"},
};

static const struct section section_histogram = {
	.name = "histogram",
	.about = "histograms of probe durations",
	.fields = fields_histogram,
	.count = sizeof(fields_histogram) / sizeof(fields_histogram[0]),
};

static const struct field fields_sip[] = {
	{.key = "listen",
	 .about = "addresses to answer SIP on, and to probe from over UDP",
	 .kind = &kind_list,
	 .offset = offsetof(struct config_sip, listen),
	 .beside = offsetof(struct config_sip, listen_count),
	 .max = 16,
	 .more = &list_listens},
	{.key = "match_certificate",
	 .about = "true: over TLS, a peer from an address of no trunk is known by its "
		  "certificate, if that is for a trunk's host; wants tls.ca_file",
	 .kind = &kind_flag,
	 .offset = offsetof(struct config_sip, match_certificate),
	 .initial = "false"},
	{.key = "tls",
	 .about = "TLS of the addresses listened on; cert_file is required for tls:",
	 .kind = &kind_section,
	 .offset = offsetof(struct config_sip, tls),
	 .beside = offsetof(struct load, sip_tls_set) - offsetof(struct load, sip),
	 .more = &section_tls},
};

static const struct section section_sip = {
	.name = "sip",
	.about = "our own SIP sockets",
	.fields = fields_sip,
	.count = sizeof(fields_sip) / sizeof(fields_sip[0]),
};

static const struct field fields_dns[] = {
	{.key = "servers",
	 .about = "resolvers to ask, as \"192.0.2.53\" or \"2001:db8::53@5353\"; the "
		  "system's when not given",
	 .kind = &kind_list,
	 .offset = offsetof(struct config_dns, servers),
	 .beside = offsetof(struct config_dns, server_count),
	 .max = 8,
	 .more = &list_servers},
};

static const struct section section_dns = {
	.name = "dns",
	.about = "how names are resolved",
	.fields = fields_dns,
	.count = sizeof(fields_dns) / sizeof(fields_dns[0]),
};

static const struct field fields_probe[] = {
	{.key = "allow",
	 .about = "where probes on demand may go besides the trunks: networks "
		  "(\"192.0.2.0/24\"), host names, or \".example.com\" for all below; "
		  "private addresses must be in a network listed here, whatever name "
		  "leads to them",
	 .kind = &kind_list,
	 .offset = offsetof(struct config_probe, allow),
	 .beside = offsetof(struct config_probe, allow_count),
	 .max = 1024,
	 .more = &list_allows},
	{.key = "max_concurrent",
	 .about = "probes on demand that may run at once; past these the answer is 503",
	 .kind = &kind_number,
	 .offset = offsetof(struct config_probe, max_concurrent),
	 .min = 1,
	 .max = 4096,
	 .initial = "256"},
};

static const struct section section_probe = {
	.name = "probe",
	.about = "probes on demand, at /probe",
	.fields = fields_probe,
	.count = sizeof(fields_probe) / sizeof(fields_probe[0]),
};

static const struct field fields_status[] = {
	{.key = "history",
	 .about = "last probes of each address that the status page shows",
	 .kind = &kind_number,
	 .offset = offsetof(struct config_status, history),
	 .min = 0,
	 .max = 1000,
	 .initial = "60"},
	{.key = "memory_mib",
	 .about = "memory in MiB for that and for the messages of failed probes, all "
		  "trunks together; what has no room is not shown",
	 .kind = &kind_number,
	 .offset = offsetof(struct config_status, memory_mib),
	 .min = 0,
	 .max = 65536,
	 .initial = "4"},
};

static const struct section section_status = {
	.name = "status",
	.about = "what the status page remembers",
	.fields = fields_status,
	.count = sizeof(fields_status) / sizeof(fields_status[0]),
};

/* An editor's hint which schema a file follows. */
#define SCHEMA_KEY                                                                       \
	{                                                                                \
		.key = "$schema", .about = "where this schema is; for editors",          \
		.kind = &kind_text, .offset = offsetof(struct load, schema), .max = 4096 \
	}

/* Trunks come after what they build on. */
static const struct field fields_file[] = {
	SCHEMA_KEY,
	{.key = "defaults",
	 .about = "settings of all trunks that do not set them otherwise",
	 .kind = &kind_level,
	 .more = &section_settings},
	{.key = "profiles",
	 .about = "named settings that trunks share",
	 .kind = &kind_profiles,
	 .more = &section_settings},
	{.key = "histogram",
	 .about = "histograms of probe durations",
	 .kind = &kind_section,
	 .beside = offsetof(struct load, histogram_set),
	 .more = &section_histogram},
	{.key = "sip",
	 .about = "our own SIP sockets",
	 .kind = &kind_section,
	 .offset = offsetof(struct load, sip),
	 .beside = offsetof(struct load, sip_set),
	 .more = &section_sip},
	{.key = "dns",
	 .about = "how names are resolved",
	 .kind = &kind_section,
	 .offset = offsetof(struct load, dns),
	 .beside = offsetof(struct load, dns_set),
	 .more = &section_dns},
	{.key = "probe",
	 .about = "probes on demand, at /probe",
	 .kind = &kind_section,
	 .offset = offsetof(struct load, probe),
	 .beside = offsetof(struct load, probe_set),
	 .more = &section_probe},
	{.key = "status",
	 .about = "what the status page remembers of single probes",
	 .kind = &kind_section,
	 .offset = offsetof(struct load, status),
	 .beside = offsetof(struct load, status_set),
	 .more = &section_status},
	{.key = "trunks",
	 .about = "what is probed",
	 .kind = &kind_trunks,
	 .more = &section_trunk},
	{.key = "watch",
	 .about = "true: load again when this file or one of trunk_files changes",
	 .kind = &kind_flag,
	 .offset = offsetof(struct load, watch),
	 .initial = "false"},
	{.key = "trunk_files",
	 .about = "more files of trunks, as patterns (trunks.d/*.json) relative to this "
		  "file's folder; each holds {\"trunks\": […]}",
	 .kind = &kind_list,
	 .offset = offsetof(struct load, globs),
	 .beside = offsetof(struct load, glob_count),
	 .max = 64,
	 .more = &list_globs},
};

static const char *const any_trunks[] = {"trunks", "trunk_files", NULL};

const struct section section_file = {
	.name = "siptrunk_exporter configuration",
	.about =
		"A setting is looked up in the trunk, then its profile, then its preset, "
		"then defaults, then the built-in default.",
	.fields = fields_file,
	.count = sizeof(fields_file) / sizeof(fields_file[0]),
	.any_of = any_trunks,
};

static const struct field fields_trunk_file[] = {
	SCHEMA_KEY,
	{.key = "trunks",
	 .about = "what is probed",
	 .kind = &kind_trunks,
	 .more = &section_trunk,
	 .required = true},
};

const struct section section_trunk_file = {
	.name = "trunk_file",
	.about = "a file that trunk_files names",
	.fields = fields_trunk_file,
	.count = sizeof(fields_trunk_file) / sizeof(fields_trunk_file[0]),
};
