#include "exporter/metrics/catalogue.h"

#include <string.h>

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
}
