#include "exporter/ondemand/probe_format.h"

const struct probe_format probe_formats[] = {
	{"text", false, PROBE_EXIT_UNKNOWN, probe_tell_text, probe_fail_text,
	 probe_one_text, probe_fail_one_text, probe_all_text},
	{"json", false, PROBE_EXIT_UNKNOWN, probe_tell_json, probe_fail_json,
	 probe_tell_json, probe_fail_one_json, probe_all_json},
	{"nagios", true, PROBE_EXIT_UNKNOWN, probe_tell_nagios, probe_fail_nagios,
	 probe_one_nagios, probe_fail_one_nagios, probe_all_nagios},
	{"solarwinds", true, ORION_UNKNOWN, probe_tell_solarwinds, probe_fail_solarwinds,
	 NULL, NULL, NULL},
};

const size_t probe_format_count = sizeof(probe_formats) / sizeof(probe_formats[0]);
