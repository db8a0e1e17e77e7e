/* The end of an import: settings that were each right alone are made to agree. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "exporter/import/model.h"

enum { SECOND_US = 1000000 };

static int64_t import_duration_of(const struct import_trunk *t, enum import_key key,
				  int64_t fallback_us)
{
	int64_t us = fallback_us;

	if (t->values[key])
		(void)value_duration(&us, t->values[key]);
	return us;
}

/* A timeout has to end before the next probe; the defaults are 30 and 5 seconds. */
static void import_settle_timeout(struct import *im, struct import_trunk *t)
{
	int64_t interval_us = import_duration_of(t, IMPORT_INTERVAL, 30LL * SECOND_US);
	int64_t timeout_us = import_duration_of(t, IMPORT_TIMEOUT, 5LL * SECOND_US);

	if (timeout_us < interval_us)
		return;
	timeout_us = interval_us * 9 / 10;
	import_note(im, t->at,
		    "changed: timeout of \"%.80s\" to %s, as it must be shorter "
		    "than interval",
		    t->name, duration_text(timeout_us).s);
	(void)import_set(im, t, IMPORT_TIMEOUT, t->at,
			 import_format(im, "%s", duration_text(timeout_us).s));
}

/* Half of a pair says nothing; what needs the other half goes with it. */
static void import_settle_pair(struct import_trunk *t, enum import_key a,
			       enum import_key b)
{
	if (!t->values[a] || !t->values[b])
		t->values[a] = t->values[b] = NULL;
}

/* All that makes a trunk, but what had to differ from the names of others. */
static const char *import_settle_key(struct import *im, const struct import_trunk *t)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	const char *kept = NULL;

	if (f) {
		fprintf(f, "%s\n%s\n%s\n", t->wanted, t->uri,
			t->label ? t->label_value : "");
		for (int i = 0; i < IMPORT_KEYS; i++)
			fprintf(f, "%s\n",
				t->values[i] && i != IMPORT_PASSWORD_FILE ? t->values[i]
									  : "");
		if (!fclose(f))
			kept = import_copy(im, text, len);
	}
	if (!kept)
		import_fail(im, ENOMEM);
	free(text);
	return kept;
}

/* Whether a trunk is an earlier one once more; that is noted then. */
static bool import_settle_is_twin(struct import *im, struct set *seen,
				  struct import_trunk *t)
{
	const char *key = import_settle_key(im, t);
	struct set_entry *e = key ? set_put(seen, key, strlen(key)) : NULL;
	const struct import_trunk *first = e ? (struct import_trunk *)e->value : NULL;

	if (!e) {
		import_fail(im, ENOMEM);
	} else if (first) {
		import_note(im, t->at, "left out: \"%.80s\" is the same as in %s:%u",
			    t->wanted, first->at.file, first->at.line);
	} else {
		e->value = (uintptr_t)t;
	}
	return first;
}

void import_settle(struct import *im)
{
	struct import_trunks kept = STAILQ_HEAD_INITIALIZER(kept);
	struct import_trunk *t;
	struct set seen = {0};

	while ((t = STAILQ_FIRST(&im->trunks)) && !im->err) {
		STAILQ_REMOVE_HEAD(&im->trunks, entry);
		import_settle_timeout(im, t);
		import_settle_pair(t, IMPORT_USERNAME, IMPORT_PASSWORD_FILE);
		if (import_settle_is_twin(im, &seen, t))
			im->trunk_count--;
		else
			STAILQ_INSERT_TAIL(&kept, t, entry);
	}
	STAILQ_CONCAT(&kept, &im->trunks);
	STAILQ_CONCAT(&im->trunks, &kept);
	set_free(&seen);
}
