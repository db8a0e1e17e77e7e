#include "exporter/pages/http_query.h"

#include <string.h>

void http_answer_text(struct http_answer *a, unsigned status, const char *text)
{
	buffer_clear(&a->body);
	a->status = status;
	a->content_type = "text/plain; charset=utf-8";
	buffer_str(&a->body, text);
}

const char *http_query_arg(const struct http_query *q, const char *name)
{
	for (size_t i = 0; i < q->arg_count && i < HTTP_ARGS_MAX; i++)
		if (q->args[i].name.l == strlen(name) &&
		    !memcmp(q->args[i].name.p, name, q->args[i].name.l))
			return q->args[i].value.p;
	return NULL;
}
