/* Sections that a level takes whole from the nearest that has them: auth, register, size,
 * train.
 */
#include "config/config.h"
#include "config/tables.h"

#define AUTH(m)	    .offset = offsetof(struct config_auth, m)
#define REGISTER(m) .offset = offsetof(struct config_register, m)

static const char *const names_digest[] = {"MD5", "SHA-256", "SHA-512-256", NULL};

static const struct field fields_auth[] = {
	{.key = "username",
	 .about = "user name of the Digest credentials",
	 .type = &type_username,
	 AUTH(username),
	 .min = 1,
	 .max = 255,
	 .required = true},
	{.key = "password",
	 .about = "password; ${NAME} in it stands for an environment variable",
	 .type = &type_secret,
	 AUTH(password),
	 .min = 1,
	 .max = 1024},
	{.key = "password_file",
	 .about = "file that holds the password and perhaps a line end after it",
	 .type = &type_secret_file,
	 AUTH(password),
	 .min = 1,
	 .max = 4096},
	{.key = "realm",
	 .about = "the only realm whose challenges are answered; any when not given",
	 .type = &type_username,
	 AUTH(realm),
	 .min = 1,
	 .max = 255},
	{.key = "algorithms",
	 .about = "hashes that are answered; a challenge that offers only others fails",
	 .type = &type_names,
	 AUTH(algorithms),
	 .more = names_digest,
	 .initial = "[\"MD5\", \"SHA-256\", \"SHA-512-256\"]"},
};

static const char *const one_password[] = {"password", "password_file", NULL};

static const struct section section_auth = {
	.name = "auth",
	.about = "Digest credentials; taken whole from the nearest level that has them",
	SECTION_ROWS(fields_auth),
	.one_of = one_password,
};

const struct record_type record_auth = {
	.section = &section_auth,
	.size = sizeof(struct config_auth),
};

static const char *const names_register_at[] = {"all", "first", NULL};

static const struct field fields_register[] = {
	{.key = "bind",
	 .about =
		 "true: registers our Contact and keeps it registered; false: asks which "
		 "contacts are registered and changes nothing",
	 .type = &type_flag,
	 REGISTER(bind),
	 .initial = "false"},
	{.key = "expires",
	 .about = "how long a registration is asked to last; in whole seconds",
	 .type = &type_duration,
	 REGISTER(expires_us),
	 .min = S,
	 .max = 7 * DAY,
	 .initial = "\"1h\""},
	{.key = "interval",
	 .about = "time between two checks by REGISTER, longer than timeout; the trunk's "
		  "interval when not given",
	 .type = &type_duration,
	 REGISTER(interval_us),
	 .min = 100 * MS,
	 .max = DAY},
	{.key = "aor",
	 .about = "SIP URI that is registered, in From and To; from when not given, else "
		  "the user name of auth at the host of the trunk's uri",
	 .type = &type_uri,
	 REGISTER(aor)},
	{.key = "at",
	 .about = "checks by REGISTER: at all addresses of the trunk's name, or at the "
		  "first that answers, by priority; another when that fails",
	 .type = &type_choice,
	 REGISTER(at),
	 .more = names_register_at,
	 .initial = "\"all\""},
};

static const struct section section_register = {
	.name = "register",
	.about = "checks by REGISTER; taken whole from the nearest level that has it",
	SECTION_ROWS(fields_register),
};

const struct record_type record_register = {
	.section = &section_register,
	.size = sizeof(struct config_register),
};

#define SIZE(m) .offset = offsetof(struct config_size, m)

static const struct field fields_size[] = {
	{.key = "bytes",
	 .about =
		 "of a large request; so many that it takes more than one packet, to see "
		 "whether fragments pass",
	 .type = &type_number,
	 SIZE(bytes),
	 .min = 1000,
	 .max = 4000,
	 .initial = "1700"},
	{.key = "every",
	 .about = "intervals from one check to the next",
	 .type = &type_number,
	 SIZE(every),
	 .min = 1,
	 .max = 10000,
	 .initial = "10"},
};

static const struct section section_size = {
	.name = "size",
	.about =
		"checks over UDP of which sizes pass; taken whole from the nearest level "
		"that has it",
	SECTION_ROWS(fields_size),
};

const struct record_type record_size = {
	.section = &section_size,
	.size = sizeof(struct config_size),
};

#define TRAIN(m) .offset = offsetof(struct config_train, m)

static const struct field fields_train[] = {
	{.key = "count",
	 .about = "requests of a train",
	 .type = &type_number,
	 TRAIN(count),
	 .min = 3,
	 .max = 10,
	 .initial = "10"},
	{.key = "gap",
	 .about = "time from one to the next",
	 .type = &type_duration,
	 TRAIN(gap_us),
	 .min = MS,
	 .max = 200 * MS,
	 .initial = "\"20ms\""},
	{.key = "every",
	 .about = "time from one train to the next, at least",
	 .type = &type_duration,
	 TRAIN(every_us),
	 .min = 10 * S,
	 .max = DAY,
	 .initial = "\"5m\""},
	{.key = "insist",
	 .about = "true: also with preset asterisk, which logs each request of a trunk "
		  "that it does not know as an attack",
	 .type = &type_flag,
	 TRAIN(insist),
	 .initial = "false"},
};

static const struct section section_train = {
	.name = "train",
	.about = "trains of requests over UDP: loss, round trips, jitter; taken whole "
		 "from "
		 "the nearest level that has it",
	SECTION_ROWS(fields_train),
};

const struct record_type record_train = {
	.section = &section_train,
	.size = sizeof(struct config_train),
};

static const struct field fields_mirror[] = {
	{.key = "every",
	 .about = "time between two rounds",
	 .type = &type_duration,
	 .offset = offsetof(struct config_mirror, every_us),
	 .min = 60 * S,
	 .max = 7 * DAY,
	 .required = true},
};

static const struct section section_mirror = {
	.name = "mirror",
	.about = "questions about who the peer sees in us, and whether something on the "
		 "way rewrites SIP (an ALG); taken whole from the nearest level that has "
		 "it",
	SECTION_ROWS(fields_mirror),
};

const struct record_type record_mirror = {
	.section = &section_mirror,
	.size = sizeof(struct config_mirror),
};

_Static_assert(ROW_COUNT(fields_auth) <= RECORD_FIELDS_MAX &&
		       ROW_COUNT(fields_register) <= RECORD_FIELDS_MAX &&
		       sizeof(struct config_auth) <= RECORD_SIZE_MAX &&
		       sizeof(struct config_register) <= RECORD_SIZE_MAX,
	       "a record's reader has room for every row");
