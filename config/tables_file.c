/* The tops of a configuration's files. */
#include "config/load.h"
#include "config/tables.h"

/* An editor's hint which schema a file follows. */
#define SCHEMA_KEY                                                                       \
	{                                                                                \
		.key = "$schema", .about = "where this schema is; for editors",          \
		.type = &type_text, .offset = offsetof(struct load, schema), .max = 4096 \
	}

/* Trunks come after what they build on. */
static const struct field fields_file[] = {
	SCHEMA_KEY,
	{.key = "defaults",
	 .about = "settings of all trunks that do not set them otherwise",
	 .type = &type_layer,
	 .more = &section_settings},
	{.key = "profiles",
	 .about = "named settings that trunks share",
	 .type = &type_profiles,
	 .more = &section_settings},
	{.key = "histogram",
	 .about = "histograms of probe durations",
	 .type = &type_section,
	 .beside = offsetof(struct load, histogram_set),
	 .more = &section_histogram},
	{.key = "metrics",
	 .about = "which series the metrics have; fewer where many trunks cost too much",
	 .type = &type_section,
	 .offset = offsetof(struct load, metrics),
	 .beside = offsetof(struct load, metrics_set),
	 .more = &section_metrics},
	{.key = "sip",
	 .about = "our own SIP sockets",
	 .type = &type_section,
	 .offset = offsetof(struct load, sip),
	 .beside = offsetof(struct load, sip_set),
	 .more = &section_sip},
	{.key = "dns",
	 .about = "how names are resolved",
	 .type = &type_section,
	 .offset = offsetof(struct load, dns),
	 .beside = offsetof(struct load, dns_set),
	 .more = &section_dns},
	{.key = "probe",
	 .about = "probes on demand, at /probe",
	 .type = &type_section,
	 .offset = offsetof(struct load, probe),
	 .beside = offsetof(struct load, probe_set),
	 .more = &section_probe},
	{.key = "calls",
	 .about = "what calls may be made, all trunks together; without it none are",
	 .type = &type_section,
	 .offset = offsetof(struct load, calls),
	 .beside = offsetof(struct load, calls_set),
	 .more = &section_calls},
	{.key = "hep",
	 .about = "messages of probes and calls mirrored to a collector; without it none "
		  "are",
	 .type = &type_section,
	 .offset = offsetof(struct load, hep),
	 .beside = offsetof(struct load, hep_set),
	 .more = &section_hep},
	{.key = "status",
	 .about = "what the status page remembers of single probes",
	 .type = &type_section,
	 .offset = offsetof(struct load, status),
	 .beside = offsetof(struct load, status_set),
	 .more = &section_status},
	{.key = "trunks",
	 .about = "what is probed",
	 .type = &type_trunks,
	 .more = &section_trunk},
	{.key = "watch",
	 .about =
		 "true: load again when this file, one of trunk_files or a password_file "
		 "changes",
	 .type = &type_flag,
	 .offset = offsetof(struct load, watch),
	 .initial = "false"},
	{.key = "trunk_files",
	 .about = "more files of trunks, as patterns (trunks.d/*.json) relative to this "
		  "file's folder; each holds {\"trunks\": […]}",
	 .type = &type_list,
	 .offset = offsetof(struct load, globs),
	 .beside = offsetof(struct load, glob_count),
	 .max = 64,
	 .more = &list_globs},
};

static const char *const any_trunks[] = {"trunks", "trunk_files", NULL};

const struct section section_file = {
	.name = "siptrunk_exporter configuration",
	.about = "A setting is looked up in the trunk, then its profile, then the preset "
		 "that "
		 "one of them names, then defaults, then the preset that these name, "
		 "then the "
		 "built-in default.",
	SECTION_ROWS(fields_file),
	.any_of = any_trunks,
};

static const struct field fields_trunk_file[] = {
	SCHEMA_KEY,
	{.key = "trunks",
	 .about = "what is probed",
	 .type = &type_trunks,
	 .more = &section_trunk,
	 .required = true},
};

const struct section section_trunk_file = {
	.name = "trunk_file",
	.about = "a file that trunk_files names",
	SECTION_ROWS(fields_trunk_file),
};
