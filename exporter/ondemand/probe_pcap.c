#include "exporter/ondemand/probe_pcap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exporter/capture/record.h"
#include "exporter/ondemand/probe_explain.h"

void probe_pcap(struct buffer *b, const struct probe_output *t, const char *version)
{
	struct capture_record records[ONDEMAND_ANSWERS_MAX];
	const struct ondemand_report *r = t->report;
	struct buffer uri = {0};
	size_t count = 0;

	probe_explain_uri(&uri, r->uri);
	buffer_add(&uri, "", 1);
	for (; count < r->count && count < ONDEMAND_ANSWERS_MAX; count++) {
		const struct ondemand_answer *a = &r->answers[count];

		records[count] = (struct capture_record){
			.trunk = t->trunk  ? t->trunk
				 : uri.err ? ""
					   : uri.data,
			.address = a->address,
			.transport = a->transport,
			.method = a->method,
			.result = &a->result,
			.entries = a->ladder.entries,
			.count = a->ladder.count,
			.dropped = a->ladder.dropped,
		};
	}
	capture_pcapng(b, records, count, version);
	buffer_clear(&uri);
}

bool probe_pcap_is_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

int probe_pcap_write(const char *path, const struct probe_output *t, const char *version)
{
	struct buffer b = {0};
	FILE *f = probe_pcap_is_stdout(path) ? fdopen(dup(STDOUT_FILENO), "w")
					     : fopen(path, "we");
	bool good = f != NULL;

	if (good)
		probe_pcap(&b, t, version);
	if (good && b.err)
		errno = b.err;
	good = good && !b.err && fwrite(b.data, 1, b.len, f) == b.len;
	if (f && fclose(f))
		good = false;
	buffer_clear(&b);
	return good ? 0 : errno ? errno : EIO;
}
