#include <string.h>

#include "exporter/metrics/catalogue.h"

const char *catalogue_type_name(enum catalogue_type type)
{
	static const char *const names[] = {
		[CATALOGUE_COUNTER] = "counter",     [CATALOGUE_GAUGE] = "gauge",
		[CATALOGUE_HISTOGRAM] = "histogram", [CATALOGUE_STATESET] = "gauge",
		[CATALOGUE_INFO] = "gauge",
	};

	return names[type];
}

void catalogue_list(FILE *out)
{
	size_t i;

	for (i = 0; i < catalogue_count; i++) {
		const struct catalogue_family *f = &catalogue[i];

		fprintf(out, "%s\t%s\t%s\t%s\t%s\n", f->name,
			catalogue_type_name(f->type), f->unit, f->labels, f->help);
	}
}

static const char document_head[] =
	"# Metrics\n"
	"\n"
	"Made from the table that renders them (`exporter/metrics/catalogue.c`); "
	"a test keeps this page current.\n"
	"`siptrunk_exporter --list-metrics` prints the same, separated by tabs. "
	"Names are promises: see [the contract](contract.md).\n"
	"\n"
	"Every family with a `trunk` label also carries the trunk's own `labels` "
	"from the configuration.\n"
	"\n"
	"| family | type | labels | meaning |\n"
	"| --- | --- | --- | --- |\n";

static const char document_tail[] =
	"\n"
	"## How many series a trunk costs\n"
	"\n"
	"While it answers, with one status code. The first column is what there "
	"is without settings,\n"
	"the second what `metrics` with all three settings below leaves.\n"
	"\n"
	"| what | all | fewest |\n"
	"| --- | --- | --- |\n"
	"| a trunk with one address, checked by OPTIONS over UDP | 52 | 24 |\n"
	"| its URI has a name, not an address | +2 | +1 |\n"
	"| each further address | +43 | +18 |\n"
	"| REGISTER beside OPTIONS, with `bind`, for each address | +43 | +18 |\n"
	"| TCP instead of UDP | -6 | -4 |\n"
	"| TLS instead of UDP | +9 | +3 |\n"
	"\n"
	"Another status code, or a method in which the peer sends us requests, "
	"is one more, and so is\n"
	"each of `Retry-After`, `expect_inbound` and the certificate that we "
	"show. The signs of `mirror` are five. What a peer shows of itself in answers "
	"to OPTIONS is one\n"
	"each for Allow, Supported, Accept, Server and codecs, unless "
	"`watch_changes` is false ([changes](changes.md)). The exporter itself\n"
	"has about 25. So 10,000 trunks over UDP are 520,000 series, or 240,000 "
	"series with the fewest.\n"
	"\n"
	"```json\n"
	"{ \"metrics\": { \"classic_histograms\": false, \"failure_reasons\": "
	"\"seen\", \"states\": \"current\" } }\n"
	"```\n"
	"\n"
	"| setting | fewer | what is lost |\n"
	"| --- | --- | --- |\n"
	"| `classic_histograms: false` | 12 | The buckets of "
	"`siptrunk_probe_duration_seconds`; `_sum`, `_count` and, in the text "
	"formats, the bucket `+Inf` stay. Means are as exact as ever; "
	"percentiles then need native histograms, which protobuf has with any "
	"setting ([formats](formats.md)). |\n"
	"| `failure_reasons: \"seen\"` | 13 | `siptrunk_probe_failures_total`, "
	"`siptrunk_tls_failures_total` and "
	"`siptrunk_probe_misdirected_responses_total` show a reason, cause or "
	"kind once it was counted. See below. |\n"
	"| `states: \"current\"` | 3 | `siptrunk_state` has the present state "
	"alone, with the value 1. `siptrunk_state{state=\"down\"} == 1` is as "
	"before; `siptrunk_state{state=\"down\"} == 0` finds nothing, and "
	"`avg_over_time()` of it is 1. |\n"
	"\n"
	"They may be changed by a reload. `name[]` in the query leaves out whole "
	"families\n"
	"([formats](formats.md)), for a scrape of its own.\n"
	"\n"
	"**Reasons only once seen, and `increase()`.** A reason that is seen for "
	"the first time appears\n"
	"with the number that it has, mostly 1. It is not shown at 0 before: "
	"that it would come could not\n"
	"be known, and a 0 that is made up afterwards would be another time's. "
	"`increase()` and `rate()`\n"
	"count from the first sample that they have, so they miss what was "
	"counted until then: the first\n"
	"failure for each reason of each address, after each start of the "
	"exporter. From the second on\n"
	"they are as before. `siptrunk_up`, `siptrunk_state` and "
	"`siptrunk_probe_success` miss nothing.\n"
	"Where a sum of failures may have no series at all, write `or 0 * "
	"siptrunk_probes_total`.\n";

static void print_labels(FILE *out, const char *labels)
{
	while (*labels) {
		size_t len = strcspn(labels, ",");

		fprintf(out, "`%.*s`", (int)len, labels);
		labels += len;
		if (*labels) {
			fputs(", ", out);
			labels++;
		}
	}
}

void catalogue_document(FILE *out)
{
	size_t i;

	fputs(document_head, out);
	for (i = 0; i < catalogue_count; i++) {
		const struct catalogue_family *f = &catalogue[i];

		fprintf(out, "| `%s` | %s | ", f->name, catalogue_type_name(f->type));
		print_labels(out, f->labels);
		fprintf(out, "%s| %s |\n", *f->labels ? " " : "", f->help);
	}
	fputs(document_tail, out);
}
