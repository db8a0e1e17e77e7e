#include "base/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { WORD_MAX = 48 };

static unsigned suggest_least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool suggest_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * Damerau-Levenshtein distance (optimal string alignment): insert, delete, replace and
 * swapping two neighbours cost one each, upper and lower case are the same.
 */
static unsigned suggest_distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned row[3][WORD_MAX + 1];
	unsigned *before = row[0], *last = row[1], *now = row[2];

	for (size_t j = 0; j <= lb; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *spare = before;

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			now[j] = suggest_least(suggest_least(last[j], now[j - 1]) + 1,
					       last[j - 1] +
						       !suggest_same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && suggest_same(a[i - 1], b[j - 2]) &&
			    suggest_same(a[i - 2], b[j - 1]))
				now[j] = suggest_least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[lb];
}

void suggest_offer(struct suggest *s, const char *known)
{
	size_t l = strlen(s->word), k = strlen(known);
	unsigned d;

	if (l > WORD_MAX || k > WORD_MAX)
		return;
	d = suggest_distance(s->word, l, known, k);
	/* A third of the word may be wrong, one letter of a short one. */
	if (d > (l > 5 ? l / 3 : l > 2) || (s->best && d >= s->distance))
		return;
	s->best = known;
	s->distance = d;
}
