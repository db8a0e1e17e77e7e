/* "did you mean …": the known word nearest to one that is not known. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

/* Start with {.word = WORD}, offer each known word, read `best`. */
struct suggest {
	const char *word;
	const char *best; /* NULL: none is near */
	unsigned distance;
};

/* @known: kept by the caller while `best` is read */
void suggest_offer(struct suggest *s, const char *known);

#endif
