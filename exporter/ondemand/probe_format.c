#include "exporter/ondemand/probe_format.h"

const struct probe_format probe_formats[] = {
	{"text", false, probe_tell_text, probe_fail_text},
	{"json", false, probe_tell_json, probe_fail_json},
	{"nagios", true, probe_tell_nagios, probe_fail_nagios},
	{"solarwinds", true, probe_tell_solarwinds, probe_fail_solarwinds},
};

const size_t probe_format_count = sizeof(probe_formats) / sizeof(probe_formats[0]);
