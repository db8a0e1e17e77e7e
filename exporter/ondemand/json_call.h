/* What a call showed, as JSON; docs/api.md. */
#ifndef EXPORTER_ONDEMAND_JSON_CALL_H
#define EXPORTER_ONDEMAND_JSON_CALL_H

#include "base/json.h"
#include "sipprobe/call_report.h"

/* The member @key: null where no call was made and none failed. */
void json_call(struct json *j, const char *key, const struct call_report *c);

#endif
