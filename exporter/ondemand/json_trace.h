/* A trace as JSON; docs/trace.md. */
#ifndef EXPORTER_ONDEMAND_JSON_TRACE_H
#define EXPORTER_ONDEMAND_JSON_TRACE_H

#include "base/json.h"
#include "sipprobe/trace.h"

/* The member @key: null for NULL. */
void json_trace(struct json *j, const char *key, const struct trace_report *r);

#endif
