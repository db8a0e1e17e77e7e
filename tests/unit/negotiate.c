/* Content negotiation: what clients say in Accept and Accept-Encoding, real and odd. */
#include "tests/unit/tap.h"

#include "exporter/negotiate.h"

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
	{"application/vnd.google.protobuf;encoding=text", &text},
	{"text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.8", &text},
	{"application/openmetrics-text;q=0.8;version=1.0.0,text/plain;q=0.7", &om},
	{"application/openmetrics-text;q=0", &text},
	{"application/openmetrics-text;version=1.0.0;q=0, */*;q=0.1", &text},
	{"text/plain;q=0.1, text/plain;version=0.0.4;q=0.9, */*;q=0.5", &text},
	{"APPLICATION/OpenMetrics-Text;VERSION=1.0.0", &om},
	{"application/openmetrics-text;x=\",;q=0\"", &om},
	{"application", &text},
	{"/", &text},
	{"image/png", &text},
	{"text/plain;q=0.5, */*", &om},
};

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(gzip_cases) / sizeof(gzip_cases[0]); i++)
		ok(negotiate_gzip(gzip_cases[i].field) == gzip_cases[i].gzip,
		   "Accept-Encoding: %s",
		   gzip_cases[i].field ? gzip_cases[i].field : "(none)");
	for (i = 0; i < sizeof(accept_cases) / sizeof(accept_cases[0]); i++)
		is_str(negotiate_renderer(accept_cases[i].field, list, 3)->subtype,
		       accept_cases[i].want->subtype,
		       accept_cases[i].field ? accept_cases[i].field : "(none)");
	return tap_done();
}
