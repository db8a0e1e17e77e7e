#include "config/reader/readings.h"

#include <errno.h>
#include <glob.h>
#include <gnutls/crypto.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

/* With its length, so that no two lists of texts are the same bytes. */
static void readings_hash(struct readings *r, const void *bytes, size_t len)
{
	const uint64_t head = len;

	if (r->lost)
		return;
	if (!r->hash && gnutls_hash_init(&r->hash, GNUTLS_DIG_SHA256)) {
		r->hash = NULL;
		r->lost = true;
		return;
	}
	if (gnutls_hash(r->hash, &head, sizeof(head)) || gnutls_hash(r->hash, bytes, len))
		r->lost = true;
}

static void readings_note(struct readings *r, const char *name, bool pattern)
{
	size_t size = r->size ? r->size * 2 : 8;
	struct readings_entry *list;

	if (r->count == r->size) {
		list = realloc(r->list, size * sizeof(*list));
		if (!list) {
			r->lost = true;
			r->err = ENOMEM;
			return;
		}
		r->list = list;
		r->size = size;
	}
	r->list[r->count++] = (struct readings_entry){name, pattern};
}

void readings_add_file(struct readings *r, const char *name, const void *bytes,
		       size_t len)
{
	readings_note(r, name, false);
	readings_hash(r, bytes, len);
}

void readings_add_pattern(struct readings *r, const char *pattern, char *const *matches,
			  size_t count)
{
	readings_note(r, pattern, true);
	readings_hash(r, &count, sizeof(count));
	for (size_t i = 0; i < count; i++)
		readings_hash(r, matches[i], strlen(matches[i]));
}

void readings_forgo(struct readings *r)
{
	r->lost = true;
}

bool readings_digest(struct readings *r, unsigned char digest[READINGS_DIGEST])
{
	if (!r->hash)
		return false;
	gnutls_hash_deinit(r->hash, digest);
	r->hash = NULL;
	return !r->lost;
}

static bool readings_again_file(struct readings *r, const char *name, size_t max_bytes)
{
	struct stat st;
	char *text;
	size_t len;

	if (stat(name, &st) || !S_ISREG(st.st_mode) ||
	    file_read(&text, &len, name, max_bytes))
		return false;
	readings_add_file(r, name, text, len);
	file_free(text, len);
	return true;
}

static bool readings_again_pattern(struct readings *r, const char *pattern)
{
	glob_t g = {0};
	int err = glob(pattern, 0, NULL, &g);

	if (!err || err == GLOB_NOMATCH)
		readings_add_pattern(r, pattern, g.gl_pathv, g.gl_pathc);
	globfree(&g);
	return !err || err == GLOB_NOMATCH;
}

bool readings_same(const struct readings_entry *list, size_t count,
		   const unsigned char digest[READINGS_DIGEST], size_t max_bytes)
{
	unsigned char again[READINGS_DIGEST];
	struct readings r = {0};
	bool same = count;

	for (size_t i = 0; i < count && same; i++)
		same = list[i].pattern ? readings_again_pattern(&r, list[i].name)
				       : readings_again_file(&r, list[i].name, max_bytes);
	same = same && readings_digest(&r, again) &&
	       !memcmp(again, digest, sizeof(again));
	readings_clear(&r);
	return same;
}

void readings_clear(struct readings *r)
{
	if (r->hash)
		gnutls_hash_deinit(r->hash, NULL);
	free(r->list);
	*r = (struct readings){0};
}
