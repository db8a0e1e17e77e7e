/* What the readers of Asterisk's files share: its sections, and trunks made of them. */
#ifndef EXPORTER_IMPORT_ASTERISK_H
#define EXPORTER_IMPORT_ASTERISK_H

#include "exporter/import/asterisk_conf.h"

struct asterisk {
	struct conf conf;
	struct set typed;   /* by "TYPE NAME"; value: the section */
	struct set secrets; /* by the address of an auth section; value: a file's name */
	struct set identified; /* names of endpoints that an identify speaks of */
	bool *part;	       /* texts that another includes */
	struct conf_section *sip_general; /* what chan_sip's [general] says for all */
	size_t include_count;
};

/* Whether a section is of this type, and no template. */
bool asterisk_is_type(const struct conf_section *s, const char *type);

/* The entry of a section by type and name; NULL: no memory, or the name is too long. */
struct set_entry *asterisk_typed_entry(struct import *im, const char *type,
				       const char *name);

/* chan_pjsip's sections; endpoints go before aors, as they say more of them. */
void pjsip_take_endpoint(struct import *im, const struct conf_section *s);
void pjsip_take_aor(struct import *im, const struct conf_section *s);
void pjsip_take_registration(struct import *im, const struct conf_section *s);
void pjsip_take_identify(struct import *im, const struct conf_section *s);

/* A section of pjsip_wizard.conf: adds the sections that Asterisk makes of it. */
void wizard_take(struct import *im, const struct conf_section *s);

/* chan_sip's sections, and the lines `register =>` of [general]; prepared once before. */
void sip_prepare(struct import *im);
void sip_take_peer(struct import *im, const struct conf_section *s);
void sip_take_general(struct import *im, const struct conf_section *s);

/* A row of a realtime table as the section that Asterisk makes of it. */
struct row;
void asterisk_take_row(struct import *im, const struct row *r);

#endif
