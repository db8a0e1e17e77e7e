/* Content negotiation: what clients say in Accept and Accept-Encoding, real and odd. */
#include "exporter/metrics/negotiate.h"
#include "tests/unit/tap.h"

static const struct {
	const char *field;
	bool gzip;
} gzip_cases[] = {
	{NULL, false},
	{"", false},
	{"gzip", true},
	{"GZIP", true},
	{"x-gzip", true},
	{"gzip, deflate, br", true},
	{"deflate", false},
	{"gzip;q=0", false},
	{"gzip;q=0.000", false},
	{"gzip;q=0.001", true},
	{"gzip;q=1", true},
	{"gzip;q=1, br", true},
	{"gzip;q=1.", true},
	{"gzip;q=0.999", true},
	{"gzip;q=1.001", false},
	{"gzip;q=1x", false},
	{"gzip;q=1x5", false},
	{"gzip;q=0.x", false},
	{"gzip;q=0.00x", false},
	{"gzip ; q=0.5", true},
	{"gzip;q=0.5, identity", false},
	{"identity;q=0.5, gzip;q=1.0", true},
	{"identity;q=0.5, gzip;q=0.5", true},
	{"*", true},
	{"*;q=0", false},
	{"gzip;q=0, *", false},
	{"gzipped", false},
	{"gzip;q=2", false},
	{"gzip;q=0.1234", false},
	{"gzip;q=abc", false},
	{",,,gzip", true},
	{"gzip;", true},
	{";q=1", false},
	{"zstd, gzip;q=0.8", true},
};

static const struct renderer text = {
	.type = "text", .subtype = "plain", .params = "version=0.0.4"};
static const struct renderer om = {
	.type = "application", .subtype = "openmetrics-text", .params = "version=1.0.0"};
static const struct renderer proto = {
	.type = "application",
	.subtype = "vnd.google.protobuf",
	.params = "proto=io.prometheus.client.MetricFamily;encoding=delimited"};

static const struct renderer *const list[] = {&text, &om, &proto};

#define PROM_PROTO                                                                       \
	"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"       \
	"encoding=delimited;q=0.7,"
#define PROM3                                                                            \
	"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"         \
	"application/openmetrics-text;version=0.0.1;q=0.5,"                              \
	"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"                           \
	"text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

static const struct {
	const char *field;
	const struct renderer *want;
} accept_cases[] = {
	{NULL, &text},
	{"", &text},
	{"*/*", &text},
	{"text/html,application/xhtml+xml,*/*;q=0.8", &text},
	{"text/*", &text},
	{"application/*", &om},
	{PROM3, &om},
	{PROM_PROTO PROM3, &proto},
	{"application/openmetrics-text", &om},
	{"application/openmetrics-text;version=2.0.0", &text},
	{"application/openmetrics-text; version=\"1.0.0\"; charset=utf-8", &om},
	{"application/openmetrics-text; version=\"1.0.\\0\"", &om},
	{"application/openmetrics-text; version=\"\\1.0.0\"", &om},
	{"application/openmetrics-text; version=\"1.0.0\\\"", &text},
	{"application/vnd.google.protobuf;encoding=text", &text},
	{"text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.8", &text},
	{"application/openmetrics-text;q=0.8;version=1.0.0,text/plain;q=0.7", &om},
	/* What follows the quality is no parameter of the type. */
	{"application/openmetrics-text;q=0.8;version=2.0.0,text/plain;q=0.7", &om},
	/* The most specific has the say: one that has more in common, or the first. */
	{"*/*;q=0.9, text/*;q=0.1, application/*;q=0.5", &om},
	{"text/plain;q=0.1, text/plain;q=0.9, application/openmetrics-text;q=0.5", &om},
	{"text/plain;q=0.9, text/plain;x=y;q=0.1, application/openmetrics-text;q=0.5",
	 &text},
	{"*/html, application/openmetrics-text;q=0.5", &om},
	{"application/openmetrics-text;version=\"1.0.0x", &text},
	{"application/openmetrics-text;version=x1.0.0\"", &text},
	{"application/openmetrics-text;q=0", &text},
	{"application/openmetrics-text;version=1.0.0;q=0, */*;q=0.1", &text},
	{"text/plain;q=0.1, text/plain;version=0.0.4;q=0.9, */*;q=0.5", &text},
	{"APPLICATION/OpenMetrics-Text;VERSION=1.0.0", &om},
	{"application/openmetrics-text;x=\",;q=0\"", &om},
	/* Between quotes there is no separator, and an escaped quote ends nothing. */
	{"text/plain;q=0.5;x=\"a, application/openmetrics-text;version=1.0.0, b\"",
	 &text},
	{"text/plain;q=0.5;x=\"a\\\", application/openmetrics-text, b\"", &text},
	{"text/plain;q=0.5;x=\"a\\\\\", application/openmetrics-text", &om},
	{"text/plain;q=0.5;x=a\\, application/openmetrics-text", &om},
	{"text/plain;x=\"a;q=0.1\", application/openmetrics-text;q=0.5", &text},
	{"text/plain;q=0.5, application/openmetrics-text;x=\"", &om},
	{"application", &text},
	{"/", &text},
	{"image/png", &text},
	{"text/plain;q=0.5, */*", &om},
};

static void test_accept(void)
{
	const char *escaping;
	size_t i;

	for (i = 0; i < sizeof(accept_cases) / sizeof(accept_cases[0]); i++)
		is_str(negotiate_renderer(&escaping, accept_cases[i].field, list, 3)
			       ->subtype,
		       accept_cases[i].want->subtype,
		       accept_cases[i].field ? accept_cases[i].field : "(none)");
}

#define OM(more) "application/openmetrics-text; version=1.0.0; charset=utf-8" more
#define PROTO(more)                                                                      \
	"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "     \
	"encoding=delimited" more
#define TEXT "text/plain; version=0.0.4; charset=utf-8"

/* What is shipped, and the scheme that Content-Type names beside. */
static const struct {
	const char *field;
	const char *content_type;
	const char *escaping;
} shipped_cases[] = {
	{NULL, TEXT, NULL},
	{"*/*", TEXT, NULL},
	{"text/*", TEXT, NULL},
	{"text/plain", TEXT, NULL},
	{"application/*;q=0.5", OM(), NULL},
	{PROM3, OM(), "allow-utf-8"},
	{PROM_PROTO PROM3, PROTO(), NULL},
	/* Prometheus 2.42 without and with native histograms. */
	{"application/openmetrics-text;version=1.0.0,"
	 "application/openmetrics-text;version=0.0.1;q=0.75,"
	 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	 OM(), NULL},
	{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
	 "encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,"
	 "application/openmetrics-text;version=0.0.1;q=0.75,"
	 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	 PROTO(), NULL},
	{"application/openmetrics-text;version=0.0.1, */*;q=0.1",
	 "application/openmetrics-text; version=0.0.1; charset=utf-8", NULL},
	{"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;q=0.3",
	 "text/plain; version=1.0.0; charset=utf-8", "allow-utf-8"},
	{"application/openmetrics-text;version=1.0.0;escaping=underscores", OM(),
	 "underscores"},
	{"application/openmetrics-text;version=1.0.0;escaping=\"v\\alues\"", OM(),
	 "values"},
	{"application/openmetrics-text;version=1.0.0;escaping=dots", OM(), NULL},
	{"application/openmetrics-text;version=1.0.0;escaping=none", OM(), NULL},
	{"application/openmetrics-text;version=1.0.0;x=values", OM(), NULL},
	{"application/openmetrics-text;version=\"1\\.0.0\"", OM(), NULL},
	{"application/openmetrics-text;version=\"1.0.0\\\"", TEXT, NULL},
	/* Liked alike: the one that is named goes before those merely covered. */
	{"application/openmetrics-text, */*", OM(), NULL},
	{"application/vnd.google.protobuf, application/*, */*", PROTO(), NULL},
	{"application/openmetrics-text;q=0.001, text/plain;q=0", OM(), NULL},
	{"text/plain;version=0.0.4;q=0, text/plain",
	 "text/plain; version=1.0.0; charset=utf-8", NULL},
};

static void test_shipped(void)
{
	const char *escaping = "";
	size_t i;

	for (i = 0; i < sizeof(shipped_cases) / sizeof(shipped_cases[0]); i++) {
		const char *field = shipped_cases[i].field;

		is_str(negotiate_renderer(&escaping, field, renderers, renderer_count)
			       ->content_type,
		       shipped_cases[i].content_type, field ? field : "(none)");
		is_str(escaping, shipped_cases[i].escaping, "its escaping");
	}
}

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(gzip_cases) / sizeof(gzip_cases[0]); i++)
		ok(negotiate_gzip(gzip_cases[i].field) == gzip_cases[i].gzip,
		   "Accept-Encoding: %s",
		   gzip_cases[i].field ? gzip_cases[i].field : "(none)");
	test_accept();
	test_shipped();
	return tap_done();
}
