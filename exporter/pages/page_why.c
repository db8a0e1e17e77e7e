#include "exporter/pages/page_why.h"

#include "exporter/ondemand/why.h"

void page_why_line(struct buffer *b, const struct outage *o, const struct trace_report *t)
{
	const struct why_success success = {
		.unix_ns = o->success_unix_ns,
		.latency_us = o->success_latency_us,
		.code = o->success_code,
		.reply_hops = o->success_reply_hops,
	};
	bool now = t && t->begun_unix_ns >= o->result.begun_unix_ns;

	why_line(b, &(struct why){.result = &o->result,
				  .address = o->address,
				  .transport = o->transport,
				  .method = o->method,
				  .timeout_us = o->timeout_us,
				  .trace = now ? t : NULL,
				  .success = *o->transport ? &success : NULL});
}
