/* Settings of the exporter as a whole. */
#include "config/load.h"
#include "config/tables.h"

static const struct field fields_histogram[] = {
	{.key = "buckets",
	 .about = "upper bounds in seconds, rising, without +Inf",
	 .type = &type_list,
	 .offset = offsetof(struct load, buckets),
	 .beside = offsetof(struct load, bucket_count),
	 .min = 1,
	 .max = 64,
	 .initial = "[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4]",
	 .more = &list_buckets},
	{.key = "native",
	 .about = "whether native histograms are kept, for clients that take protobuf",
	 .type = &type_flag,
	 .offset = offsetof(struct load, native.kept),
	 .initial = "true"},
	{.key = "native_schema",
	 .about =
		 "resolution of native histograms: 2^schema buckets each time a duration "
		 "doubles",
	 .type = &type_integer,
	 .offset = offsetof(struct load, native.schema),
	 .min = -4,
	 .max = 8,
	 .initial = "3"},
	{.key = "native_max_buckets",
	 .about = "buckets of one native histogram; beyond, its resolution is halved",
	 .type = &type_number,
	 .offset = offsetof(struct load, native.max_buckets),
	 .min = 8,
	 .max = 1024,
	 .initial = "160"},
};

const struct section section_histogram = {
	.name = "histogram",
	.about = "histograms of probe durations",
	SECTION_ROWS(fields_histogram),
};

static const char *const names_reasons[] = {"all", "seen", NULL};
static const char *const names_states[] = {"all", "current", NULL};

static const struct field fields_metrics[] = {
	{.key = "classic_histograms",
	 .about = "whether histograms have buckets; false: sum and count alone, in text "
		  "formats the bucket +Inf too; native histograms are as ever",
	 .type = &type_flag,
	 .offset = offsetof(struct config_metrics, classic_histograms),
	 .initial = "true"},
	{.key = "failure_reasons",
	 .about = "reasons, causes and kinds of failures that counters show: all from "
		  "the start, or those that were seen",
	 .type = &type_choice,
	 .offset = offsetof(struct config_metrics, reasons),
	 .more = names_reasons,
	 .initial = "\"all\""},
	{.key = "states",
	 .about = "series of a trunk's state: one for each, 1 or 0, or that of the "
		  "present one alone",
	 .type = &type_choice,
	 .offset = offsetof(struct config_metrics, states),
	 .more = names_states,
	 .initial = "\"all\""},
};

const struct section section_metrics = {
	.name = "metrics",
	.about = "which series the metrics have",
	SECTION_ROWS(fields_metrics),
};

static const struct field fields_sip[] = {
	{.key = "listen",
	 .about = "addresses to answer SIP on, and to probe from over UDP",
	 .type = &type_list,
	 .offset = offsetof(struct config_sip, listen),
	 .beside = offsetof(struct config_sip, listen_count),
	 .max = 16,
	 .more = &list_listens},
	{.key = "answers_per_second",
	 .about = "answers a second to the requests of each trunk's peer, or five "
		  "seconds' answers at once; what is past that is counted and not "
		  "answered",
	 .type = &type_number,
	 .offset = offsetof(struct config_sip, answers_per_second),
	 .min = 1,
	 .max = 1000000,
	 .initial = "100"},
	{.key = "match_certificate",
	 .about = "true: over TLS, a peer from an address of no trunk is known by its "
		  "certificate, if that is for a trunk's host; wants tls.ca_file",
	 .type = &type_flag,
	 .offset = offsetof(struct config_sip, match_certificate),
	 .initial = "false"},
	{.key = "tls",
	 .about = "TLS of the addresses listened on; cert_file is required for tls:",
	 .type = &type_section,
	 .offset = offsetof(struct config_sip, tls),
	 .beside = offsetof(struct load, sip_tls_set) - offsetof(struct load, sip),
	 .more = &section_tls},
};

const struct section section_sip = {
	.name = "sip",
	.about = "our own SIP sockets",
	SECTION_ROWS(fields_sip),
};

static const struct field fields_dns[] = {
	{.key = "servers",
	 .about = "resolvers to ask, as \"192.0.2.53\" or \"2001:db8::53@5353\"; the "
		  "system's when not given",
	 .type = &type_list,
	 .offset = offsetof(struct config_dns, servers),
	 .beside = offsetof(struct config_dns, server_count),
	 .max = 8,
	 .more = &list_servers},
	{.key = "search",
	 .about = "search domains for names: true for those of resolv.conf, or a list; "
		  "off when not given",
	 .type = &type_search,
	 .offset = offsetof(struct config_dns, search),
	 .max = 32},
};

const struct section section_dns = {
	.name = "dns",
	.about = "how names are resolved",
	SECTION_ROWS(fields_dns),
};

static const struct field fields_probe[] = {
	{.key = "allow",
	 .about = "where probes on demand may go besides the trunks: networks "
		  "(\"192.0.2.0/24\"), host names, or \".example.com\" for all below; "
		  "private addresses must be in a network listed here, whatever name "
		  "leads to them",
	 .type = &type_list,
	 .offset = offsetof(struct config_probe, allow),
	 .beside = offsetof(struct config_probe, allow_count),
	 .max = 1024,
	 .more = &list_allows},
	{.key = "max_concurrent",
	 .about = "probes on demand that may run at once; past these the answer is 503",
	 .type = &type_number,
	 .offset = offsetof(struct config_probe, max_concurrent),
	 .min = 1,
	 .max = 4096,
	 .initial = "256"},
};

const struct section section_probe = {
	.name = "probe",
	.about = "probes on demand, at /probe",
	SECTION_ROWS(fields_probe),
};

static const struct field fields_hep[] = {
	{.key = "collector",
	 .about = "where HEP goes, as \"udp:homer.example:9060\" or "
		  "\"udp:[2001:db8::1]:9060\"",
	 .type = &type_collector,
	 .offset = offsetof(struct config_hep, collector),
	 .required = true},
	{.key = "id",
	 .about = "number of ours as a capture agent",
	 .type = &type_number,
	 .offset = offsetof(struct config_hep, id),
	 .min = 0,
	 .max = UINT32_MAX,
	 .initial = "2001"},
};

const struct section section_hep = {
	.name = "hep",
	.about = "messages of probes and calls, mirrored as HEPv3",
	SECTION_ROWS(fields_hep),
};

static const struct field fields_status[] = {
	{.key = "history",
	 .about = "last probes of each address that the status page shows",
	 .type = &type_number,
	 .offset = offsetof(struct config_status, history),
	 .min = 0,
	 .max = 1000,
	 .initial = "60"},
	{.key = "memory_mib",
	 .about = "memory in MiB for that and for the messages of failed probes, all "
		  "trunks together; what has no room is not shown",
	 .type = &type_number,
	 .offset = offsetof(struct config_status, memory_mib),
	 .min = 0,
	 .max = 65536,
	 .initial = "4"},
};

const struct section section_status = {
	.name = "status",
	.about = "what the status page remembers",
	SECTION_ROWS(fields_status),
};
