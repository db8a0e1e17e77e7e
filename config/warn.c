/* Warnings about a configuration that is loaded. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/reader/report.h"

enum { WARN_PATH_BYTES = 160 };

int config_warn(struct config_errors *warnings, const struct config *conf,
		const struct config_trunk *t, const char *key, const char *fmt, ...)
{
	struct report r = {.errs = warnings};
	char path[WARN_PATH_BYTES] = "$";
	struct config_error at = {.json_path = path};
	va_list ap;
	char *text;

	if (t)
		snprintf(path, sizeof(path), "trunks[%u]%s%s", t->index, key ? "." : "",
			 key ? key : "");
	else if (key)
		snprintf(path, sizeof(path), "%s", key);
	at.path = (char *)(uintptr_t)(t		   ? t->file
				      : conf->path ? conf->path
						   : "(built in)");
	at.line = t ? t->line : 0;
	at.col = t ? t->col : 0;
	va_start(ap, fmt);
	text = report_vformat(fmt, ap);
	va_end(ap);
	if (text)
		report_place(&r, &at, UINT_MAX, "%s", text); /* behind what is there */
	free(text);
	return text ? r.err : ENOMEM;
}
