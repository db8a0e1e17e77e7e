/* Settings of TLS. */
#include "config/layer.h"
#include "config/tables.h"

#define TLS(m) .offset = offsetof(struct config_tls, m)

static const char *const names_version[] = {"TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3", NULL};

static const struct field fields_tls[] = {
	{.key = "ca_file",
	 .about = "PEM file of the authorities to trust; the system's store when not "
		  "given",
	 .type = &type_file,
	 TLS(ca_file),
	 .min = 1,
	 .max = 4096},
	{.key = "cert_file",
	 .about = "PEM file of the certificate chain shown to the peer",
	 .type = &type_file,
	 TLS(cert_file),
	 .min = 1,
	 .max = 4096},
	{.key = "key_file",
	 .about = "PEM file of the key that belongs to cert_file",
	 .type = &type_file,
	 TLS(key_file),
	 .min = 1,
	 .max = 4096},
	{.key = "server_name",
	 .about = "name sent to the peer (SNI) and looked for in its certificate; the "
		  "URI's host when not given",
	 .type = &type_host,
	 TLS(server_name),
	 .min = 1,
	 .max = 254},
	{.key = "ciphers",
	 .about = "OpenSSL cipher list for TLS 1.2 and older; finite-field DHE, of TLS "
		  "1.3 too, "
		  "only if it names that",
	 .type = &type_text,
	 TLS(ciphers),
	 .min = 1,
	 .max = 1024},
	{.key = "min_version",
	 .about = "oldest TLS version spoken",
	 .type = &type_choice,
	 TLS(min_version),
	 .more = names_version,
	 .initial = "\"TLS1.2\""},
	{.key = "insecure_skip_verify",
	 .about = "true: the peer's certificate is not verified; for tests only",
	 .type = &type_flag,
	 TLS(insecure_skip_verify),
	 .initial = "false"},
	{.key = "session_lifetime",
	 .about =
		 "for how long a TLS session is resumed over later connections, in which "
		 "the peer shows no certificate; 0s: never",
	 .type = &type_duration,
	 TLS(session_lifetime_us),
	 .min = 0,
	 .max = DAY,
	 .initial = "\"0s\""},
};

const struct section section_tls = {
	.name = "tls",
	.about = "TLS; merged key by key over the levels",
	SECTION_ROWS(fields_tls),
};

_Static_assert(ROW_COUNT(fields_tls) <= TLS_FIELDS_MAX,
	       "struct layer has room for every row");
