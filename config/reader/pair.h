/* Names with values, as tables of pairs hold them. */
#ifndef CONFIG_READER_PAIR_H
#define CONFIG_READER_PAIR_H

/* A metric label, a header field, a user and the hash of its password. */
struct config_pair {
	const char *name;
	const char *value;
};

#endif
